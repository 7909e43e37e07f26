#pragma once

#include <string>

#include "data/importers/source.h"

namespace realface::data::importers {

/// What `preprocess --dry-run` prints: videos, files and bytes by split, class, method and compression; how many have a
/// mask, an original or frame labels; the notes; and every file that could not be placed with the reason.
std::string summary(const Listing& listing);

}  // namespace realface::data::importers
