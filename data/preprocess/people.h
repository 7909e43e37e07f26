#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "data/preprocess/faces/placement.h"
#include "data/preprocess/video/frame_reader.h"

namespace realface::data::preprocess {

/// The faces of one person in a window of a video.
struct Appearance {
  int64_t person = 0;           // 0, 1, ... in the order in which they are first seen
  std::vector<int32_t> frames;  // ordinals of those in which the face was found
  std::vector<int64_t> times_us;
  std::vector<Box> boxes;        // in source pixels
  std::vector<Affine> to_crop;   // source to crop
  std::vector<uint8_t> crops;    // u8 RGB [frames, size, size, 3]
  std::vector<float> landmarks;  // [frames, 68, 2] in pixels of the crops
};

/// Follows everybody through a video of any length, window after window: memory does not grow with it. One thread.
class People {
 public:
  /// `take` gets each person of a window, in the order of their numbers, when the window is full. pass_on: what then
  /// gets its frames, one after another, also those without a face; may be empty.
  People(const CropPolicy& policy, size_t window, std::function<void(Appearance)> take,
         std::function<void(Frame)> pass_on = {});

  /// The next frame and the faces that were found in it.
  void look(Frame frame, std::vector<Face> faces);
  /// No frame is left: hands over the last window.
  void finish();

  int64_t seen() const { return static_cast<int64_t>(known_.size()); }  // people so far

 private:
  struct Known {
    Box last;
    int64_t seen = 0;  // the last frame that was looked at in which
  };
  struct Looked {
    Frame frame;
    std::vector<std::pair<int64_t, Face>> people;
  };
  int64_t recognised(const Box& box, const std::vector<std::pair<int64_t, Face>>& others) const;
  Appearance appearance(int64_t person) const;

  CropPolicy policy_;
  size_t window_;
  std::function<void(Appearance)> take_;
  std::function<void(Frame)> pass_on_;
  std::vector<Known> known_;  // by number
  std::vector<Looked> looked_;
  int64_t position_ = 0;
  size_t held_ = 0;  // bytes of pictures
};

}  // namespace realface::data::preprocess
