#pragma once

#include <torch/types.h>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "data/preprocess/geometry.h"
#include "data/preprocess/video/frame_reader.h"
#include "data/synthesis/video_encoder.h"

namespace realface::launcher {

/// A face in a frame, with what a detector says of it.
struct Mark {
  int64_t person = 0;
  double p_fake = 0;
  data::preprocess::Box box;         // in source pixels
  data::preprocess::Affine to_crop;  // of what was looked at
  torch::Tensor heat;                // of the crop (PersonScores::heat), or undefined
};

/// The frames that were looked at, with boxes, scores and heat drawn over them: FILE.overlay.mp4, at the times that
/// they have in the source, or FILE.overlay.png of a source of one frame. Appears once it is finished.
class Overlay {
 public:
  /// info: of the source; step: of how many of its frames one is looked at.
  Overlay(std::filesystem::path file, const data::preprocess::StreamInfo& info, int32_t step);
  ~Overlay();  // drops an unfinished file

  /// Draws on the frame's picture. Throws Error if it cannot be written.
  void add(data::preprocess::Frame frame, const std::vector<Mark>& marks);
  void finish();

 private:
  void write(const cv::Mat& picture, int64_t pts_us);

  std::filesystem::path path_;
  bool still_;
  int rate_;  // frames a second
  std::unique_ptr<data::synthesis::VideoEncoder> encoder_;
  cv::Size size_;
  int64_t tick_ = -1;
};

}  // namespace realface::launcher
