#pragma once

#include <array>
#include <string>
#include <vector>

namespace realface::data::test {

using Marks = std::array<float, 136>;

/// A frontal, mirror-symmetric face drawn by hand in a crop of `size` pixels.
Marks drawn_face(int size = 224);

/// The same face turned clockwise about the middle of the crop.
Marks rolled_face(double degrees, int size = 224);

/// The faces of dlib's annotated photographs in REALFACE_TEST_DATA/landmarks, each in a crop of its box times `scale`,
/// `size` pixels wide; empty where the folder is absent.
std::vector<Marks> photographed_faces(double scale, int size = 224);

}  // namespace realface::data::test
