#include "base/error.h"
#include "data/synthesis/video_encoder.h"

namespace realface::data::synthesis {

struct VideoEncoder::State {};

VideoEncoder::VideoEncoder(const std::filesystem::path& path, cv::Size, int, Kind, int) {
  throw Error("[video] cannot write " + path.string() +
              ": this build has no video; configure with REALFACE_VIDEO=ON (FFmpeg with libx264) and build again");
}

VideoEncoder::~VideoEncoder() = default;
void VideoEncoder::add(const cv::Mat&) {}
void VideoEncoder::add_at(const cv::Mat&, int64_t) {}
void VideoEncoder::finish() {}

}  // namespace realface::data::synthesis
