#pragma once

#include <opencv2/core/mat.hpp>
#include <opencv2/imgproc.hpp>

#include "data/preprocess/video/picture.h"

namespace realface::data::preprocess {

/// The same pixels as OpenCV sees them; lives no longer than the picture. OpenCV has no constant view: do not write.
inline cv::Mat view(const Picture& picture) {
  return {picture.height, picture.width, CV_8UC3, const_cast<uint8_t*>(picture.pixels.data()), picture.stride};
}

/// Its grey, CV_32F from 0 to 255.
inline cv::Mat grey_of(const Picture& picture) {
  cv::Mat grey;
  cv::cvtColor(view(picture), grey, cv::COLOR_RGB2GRAY);
  grey.convertTo(grey, CV_32F);
  return grey;
}

}  // namespace realface::data::preprocess
