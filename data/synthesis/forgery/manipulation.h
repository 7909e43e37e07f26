#pragma once

#include <memory>

#include "data/synthesis/forgery/blending.h"
#include "data/synthesis/forgery/method.h"

/// Four kinds of forgery, named after the methods of FaceForensics++ whose traces they resemble: Deepfakes are soft,
/// their colours matched, and feathered; Face2Face is feathered; FaceSwap is pasted along a hard edge in colours that
/// do not match; NeuralTextures is resampled and slightly warped.
namespace realface::data::synthesis {

/// Forges the frames of one target with one source, at level easy: UsageError for a method of another. `forge` is
/// const; the target must outlive the forger.
class Forger {
 public:
  Forger(Method method, const Renderer& target, const Identity& source);

  /// `original` is what the target's renderer made of frame `frame`.
  Forgery forge(const Frame& original, int64_t frame) const;

 private:
  cv::Mat replacement(const Frame& original, const cv::Mat& cover, int64_t frame) const;

  Method method_;
  const Renderer& target_;
  Identity source_;
  std::unique_ptr<Renderer> swapped_;  // of the methods that bring another face
  cv::Mat region_;                     // CV_8U cover on the target's canvas
  cv::Vec3f cast_;                     // FaceSwap: gain of each channel
};

}  // namespace realface::data::synthesis
