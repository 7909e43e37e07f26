#pragma once

#include <cstdint>
#include <vector>

#include "data/preprocess/geometry.h"
#include "data/preprocess/masks/frame_mask.h"
#include "data/preprocess/video/picture.h"

/// Pixels of crops, by OpenCV.
namespace realface::data::preprocess {

/// u8 RGB [size, size, 3] without gaps: bicubic, no other filter, edges replicated (G12).
std::vector<uint8_t> crop_pixels(const Picture& picture, const Affine& to_crop, int size);

/// u8 [size, size] of 0 and 1: the nearest pixel of the mask, nothing beyond its edges (L5). `shown_*` is the size of
/// the video whose frame `to_crop` belongs to: a mask of another size is stretched.
std::vector<uint8_t> crop_mask(const FrameMask& mask, const Affine& to_crop, int size, int shown_width,
                               int shown_height);

}  // namespace realface::data::preprocess
