#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

/// Pictures of any kind that OpenCV reads: picture_file.cpp, or picture_file_none.cpp in a build without video.
namespace realface::data::preprocess {

/// BGR of 8 bits, empty if it cannot be decoded. OpenCV throws for pictures beyond its limits.
cv::Mat read_picture(const std::string& path);
cv::Mat decode_picture(const std::vector<uint8_t>& bytes);

}  // namespace realface::data::preprocess
