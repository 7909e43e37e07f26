#pragma once

#include <opencv2/core/mat.hpp>

#include "data/preprocess/masks/frame_mask.h"

/// What the rules that make masks share. Only for files that use OpenCV.
namespace realface::data::preprocess {

/// As large as the picture.
FrameMask empty_mask(const Picture& picture);

/// The same bits as OpenCV sees them; lives no longer than the mask.
inline cv::Mat bits_of(FrameMask& mask) { return {mask.height, mask.width, CV_8UC1, mask.bits.data()}; }

/// Throws DataError for pictures of two sizes.
void require_one_size(const Picture& fake, const Picture& real);

/// The pixels of a picture of that size whose centres lie in the box, after its coordinates are scaled by `x` and `y`.
cv::Rect pixels_in(const Box& box, int width, int height, double x = 1, double y = 1);

}  // namespace realface::data::preprocess
