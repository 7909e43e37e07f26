#pragma once

#include <filesystem>

namespace realface::data {

/// Writes weights that a CnnDetector reads, made by hand: its network finds red discs, about as wide as its boxes.
/// Not for any size: a network of the right type that takes pictures of 160 x 160 pixels alone.
void write_disc_detector(const std::filesystem::path& path, bool any_size = true);

}  // namespace realface::data
