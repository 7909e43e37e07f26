#pragma once

#include <cstdint>
#include <opencv2/core/mat.hpp>

#include "data/synthesis/drawing/identity.h"

namespace realface::data::synthesis {

/// What happens to a video of level hard on its way to the viewer, real or fake. In many its noise is smoothed away, as
/// phones do; it is resampled, sharpened or softened; in many a regular pattern lies over the picture, as of a screen
/// that was filmed; noise is added, and it is compressed once before the encoder compresses it again. So no video is
/// raw, and how sharp, noisy, patterned or compressed one is says nothing of whether it is real: each draws its own
/// numbers, from one distribution. Safe from several threads.
class Processing {
 public:
  /// `video` numbers the videos of one person: 0 the real one, 1 and on its forgeries.
  Processing(const Identity& person, uint64_t video);

  /// CV_8UC3 RGB to the same. The noise is that of the frame.
  cv::Mat apply(const cv::Mat& image, int64_t frame) const;

 private:
  uint64_t seed_, person_, video_;     // key of the noise
  double smoothing_;                   // levels below which it smooths what is no line; 0: not at all
  double scale_;                       // it is resampled to
  int interpolation_;                  // on its way back
  double sharpness_;                   // share of its detail that is added; below 0 taken away
  cv::Vec2f wave_;                     // of the pattern: radians a frame size, to the right and down
  float pattern_;                      // share of the light that it changes; 0 none
  bool crossed_;                       // waves in the other direction too
  double light_noise_, colour_noise_;  // standard deviations in levels of 255
  int quality_;                        // of the JPEG kind, 1 to 100
};

}  // namespace realface::data::synthesis
