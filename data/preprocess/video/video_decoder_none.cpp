// The twin of video_decoder.cpp in a build without FFmpeg.

#include "base/error.h"
#include "data/preprocess/video/frame_reader.h"

namespace realface::data::preprocess {

std::unique_ptr<FrameReader> open_video(const std::string& path, const DecodeLimits&) {
  throw Error("[" + path + "] cannot be decoded: this build of realface has no video; build it with REALFACE_VIDEO=ON");
}

std::string video_libraries() { return "no video"; }

}  // namespace realface::data::preprocess
