#pragma once

#include <filesystem>
#include <opencv2/core/mat.hpp>
#include <vector>

namespace realface::data::synthesis {

/// A video as any reader would see it, for tests.
struct Decoded {
  std::vector<cv::Mat> luma;  // CV_8U as stored: limited range
  std::vector<cv::Mat> rgb;   // CV_8UC3, by the tags of the stream
  int colour_space = 0, colour_range = 0;
  double frames_per_second = 0.0;
};

Decoded decode(const std::filesystem::path& path);

}  // namespace realface::data::synthesis
