#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "data/synthesis/renderer.h"

/// Four kinds of forgery, named after the methods of FaceForensics++ whose traces they resemble.
namespace realface::data::synthesis {

enum class Method {
  deepfakes,       // another person's inner face at the target's pose, soft, its colours matched, feathered
  face2face,       // the target's own mouth and chin with the source's expression, feathered
  faceswap,        // another person's face pasted along a hard edge in colours that do not match
  neural_textures  // the target's own lower face resampled and slightly warped
};

inline constexpr std::array kMethods = {Method::deepfakes, Method::face2face, Method::faceswap,
                                        Method::neural_textures};

/// The folder of a method in a FaceForensics++ tree: "Deepfakes", ...
std::string method_name(Method method);
/// Throws UsageError with the nearest name.
Method method_of(const std::string& name);

struct Forgery {
  cv::Mat image;  // CV_8UC3 RGB
  cv::Mat mask;   // CV_8U, 255 where the picture was touched: every pixel outside equals the original's
};

/// Forges the frames of one target with one source. `forge` is const; the target must outlive the forger.
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
