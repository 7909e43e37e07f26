// The twin of picture_file.cpp in a build without video, which has no library for pictures of any kind.

#include "base/error.h"
#include "data/preprocess/video/picture_file.h"

namespace realface::data::preprocess {

cv::Mat read_picture(const std::string& path) {
  throw Error("[" + path + "] cannot be decoded: this build of realface has no video; build it with REALFACE_VIDEO=ON");
}

cv::Mat decode_picture(const std::vector<uint8_t>&) {
  throw Error(
      "[preprocess] this build of realface has no video, so it reads no pictures; build it with REALFACE_VIDEO=ON");
}

}  // namespace realface::data::preprocess
