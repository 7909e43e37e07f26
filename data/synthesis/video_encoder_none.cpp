#include "base/error.h"
#include "data/synthesis/video_encoder.h"

namespace realface::data::synthesis {

struct VideoEncoder::State {};

VideoEncoder::VideoEncoder(const std::filesystem::path& path, int, int, Kind) {
  throw Error("[synth] cannot write " + path.string() +
              ": this build has no video; configure with REALFACE_VIDEO=ON (FFmpeg with libx264) and build again");
}

VideoEncoder::~VideoEncoder() = default;
void VideoEncoder::add(const cv::Mat&) {}
void VideoEncoder::finish() {}

}  // namespace realface::data::synthesis
