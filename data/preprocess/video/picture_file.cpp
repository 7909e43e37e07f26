#include "data/preprocess/video/picture_file.h"

#include <opencv2/imgcodecs.hpp>

namespace realface::data::preprocess {

cv::Mat read_picture(const std::string& path) { return cv::imread(path, cv::IMREAD_COLOR); }
cv::Mat decode_picture(const std::vector<uint8_t>& bytes) { return cv::imdecode(bytes, cv::IMREAD_COLOR); }

}  // namespace realface::data::preprocess
