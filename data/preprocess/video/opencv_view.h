#pragma once

#include <opencv2/core/mat.hpp>

#include "data/preprocess/video/picture.h"

namespace realface::data::preprocess {

/// The same pixels as OpenCV sees them; lives no longer than the picture. OpenCV has no constant view: do not write.
inline cv::Mat view(const Picture& picture) {
  return {picture.height, picture.width, CV_8UC3, const_cast<uint8_t*>(picture.pixels.data()), picture.stride};
}

}  // namespace realface::data::preprocess
