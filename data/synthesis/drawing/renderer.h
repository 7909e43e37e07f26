#pragma once

#include <cstdint>
#include <optional>

#include "data/synthesis/drawing/layers.h"
#include "data/synthesis/drawing/motion.h"

namespace realface::data::synthesis {

/// A picture, and where each of its pixels lies on the face.
struct Frame {
  cv::Mat image;  // CV_8UC3 RGB [size, size]
  cv::Mat map;    // CV_32FC2 [size, size]: the pixel of the face's canvas that is seen there
};

/// Films one procedural person. What no expression changes is painted once, in the constructor (tens of milliseconds);
/// a frame takes a few. `render` is const and safe from several threads.
class Renderer {
 public:
  Renderer(const Identity& person, int size);

  /// The picture of a pose. `noise_frame` adds the sensor's noise of that frame; without it the picture is clean.
  Frame render(const Pose& pose, std::optional<int64_t> noise_frame) const;

  const Identity& person() const { return person_; }
  const Canvas& canvas() const { return head_.canvas; }
  int size() const { return size_; }

 private:
  cv::Mat light_head(const Pose& pose) const;  // CV_8UC4: the canvas with light, RGB and cover
  void add_noise(cv::Mat& image, int64_t frame) const;

  Identity person_;
  int size_;
  int margin_;
  Layers head_;
  cv::Mat body_, backdrop_;
};

}  // namespace realface::data::synthesis
