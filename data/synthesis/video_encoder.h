#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <opencv2/core/mat.hpp>

namespace realface::data::synthesis {

/// Writes one H.264 video in an mp4 container, byte for byte the same for the same pictures: one thread, no times or
/// versions in the container. Limited range and BT.601, tagged as such, which is also what readers that ignore the
/// tags assume for small pictures. Every failure (no libx264, a full disk) throws Error naming the file. Not shared
/// between threads.
class VideoEncoder {
 public:
  enum class Kind {
    picture,  // takes CV_8UC3 RGB; crf 23, as the c23 of FaceForensics++
    mask      // takes CV_8U of 0 and 255; lossless, so that a threshold gives the mask back
  };

  /// `size` in pixels, even. ticks: of the clock, a frame.
  VideoEncoder(const std::filesystem::path& path, cv::Size size, int frames_per_second, Kind kind, int ticks = 1);
  ~VideoEncoder();  // drops an unfinished file
  VideoEncoder(const VideoEncoder&) = delete;
  VideoEncoder& operator=(const VideoEncoder&) = delete;

  void add(const cv::Mat& picture);                   // one frame after the last
  void add_at(const cv::Mat& picture, int64_t tick);  // later than the last
  void finish();                                      // writes what is left and closes the file

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace realface::data::synthesis
