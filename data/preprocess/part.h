#pragma once

#include <filesystem>
#include <string>

#include "data/preprocess/extract.h"

/// A video's extracted faces between decoding and packing: one file a video, so that a kill costs one video.
namespace realface::data::preprocess {

/// Publishes the part atomically: it is there whole, or not at all.
void write_part(const std::filesystem::path& path, const Extracted& video, const std::string& plan_digest);

/// Throws DataError for a part that is damaged or of another plan.
Extracted read_part(const std::filesystem::path& path, const std::string& plan_digest);

}  // namespace realface::data::preprocess
