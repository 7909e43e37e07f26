#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/faces/landmarks.h"

/// Where on a face the masks may lie: sets of patches computed from landmarks, without chance. Patches are numbered
/// row by row over a grid x grid picture of `patch` pixels each. Landmarks must be plausible().
namespace realface::data {

using Patches = std::vector<int64_t>;  // ids, ascending

struct Geometry {
  int64_t grid, patch;
  int64_t patches() const { return grid * grid; }
  double size() const { return static_cast<double>(grid * patch); }
  /// The row or column of a coordinate, clamped to the grid.
  int64_t cell(double coordinate) const;
};

/// A rectangle in pixels; empty where x1 <= x0 or y1 <= y0.
struct Box {
  double x0, y0, x1, y1;
};

/// The three facial parts, which together are all patches, none twice (G2).
struct Parts {
  Patches eyes, nose, lips;
};

/// kind: "literal" cuts the raster order at the patches of P17 and P16, "semantic" cuts rows under the eyes and under
/// the nose. nullopt where the lips would be empty: such a face gets a random mask.
std::optional<Parts> facial_parts(const std::string& kind, Geometry geometry, Landmarks landmarks);

/// The twelve boxes of the eleven regions R1..R11 (G3); R10 has one on each side of the chin.
std::vector<Box> regions_of_interest(Landmarks landmarks);

/// One byte a patch, 1 where at least `tau` of the patch lies in one of the boxes (G4). tau 0 signs every patch.
std::vector<uint8_t> signed_patches(const std::vector<Box>& boxes, Geometry geometry, double tau);

/// Every patch touched by the rectangle around brows and jaw, grown by half a patch (E1).
Patches key_patches(Geometry geometry, Landmarks landmarks);

}  // namespace realface::data
