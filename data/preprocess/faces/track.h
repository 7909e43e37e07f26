#pragma once

#include <array>
#include <optional>
#include <vector>

#include "data/preprocess/geometry.h"

/// One person through a video.
namespace realface::data::preprocess {

/// Overlap of boxes above which two frames show the same person: frames are up to 4 apart, and a detector's boxes come
/// in steps of a fifth.
inline constexpr float kSamePerson = 0.2F;

/// A face of one frame, in source pixels.
struct Face {
  Box box;
  float score = 0;
  std::array<float, 136> landmarks{};
};

/// For each frame the index of the face of one person among that frame's faces, -1 where the person is not found.
/// Boxes are linked from frame to frame by their overlap; of all tracks, the one with the largest sum of areas is
/// taken (G22), so neither a passer-by nor a cut to another person changes the identity in mid-video.
///
/// `tampered`, where it is not empty, says of each face how much of the frame's mask lies in its box: of several people
/// the one with the largest sum of these is taken, since not all of them need be forged ("Traps" in docs/datasets.md).
std::vector<int> choose_track(const std::vector<std::vector<Face>>& frames,
                              const std::vector<std::vector<double>>& tampered = {});

/// For each frame, the nearest frame (the earlier of two) whose entry is not negative; empty where there is none (G22).
std::vector<int> nearest_found(const std::vector<int>& chosen);

/// Factor by which a whole picture is resized before it is searched, by its longer side: 2 under 300 pixels, 1 to 1000,
/// 0.5 above, 0.33 above 1900.
double search_scale(int longer_side);

}  // namespace realface::data::preprocess
