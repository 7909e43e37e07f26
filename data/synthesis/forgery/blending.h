#pragma once

#include "base/counter_rng.h"
#include "data/synthesis/drawing/renderer.h"

/// What the forgeries of both levels are put together from. Pictures are CV_8UC3 RGB, covers CV_8U, 255 for all of it.
namespace realface::data::synthesis {

struct Forgery {
  cv::Mat image;  // CV_8UC3 RGB
  cv::Mat mask;   // CV_8U, 255 where the picture was touched: every pixel outside equals the original's
};

/// A cover on the canvas: an oval about (0, middle_v) that fades out from `solid` of its half axes to its rim.
cv::Mat soft_oval(const Canvas& canvas, float middle_v, float half_u, float half_v, float solid);

/// Loses what a small network would lose: down to `scale` of its size and up again.
cv::Mat softened(const cv::Mat& image, double scale);

/// Without pores and grain, which differ by fewer than so many levels, but with its lines.
cv::Mat smoothed(const cv::Mat& image, double levels);

/// Gives `image` the mean and, within reason, the contrast that `like` has below the cover, channel by channel.
cv::Mat colours_matched(const cv::Mat& image, const cv::Mat& like, const cv::Mat& cover);

/// A slow ripple that moves pixels by `reach` frame sizes; 0.006 is about a pixel and a half of 256.
cv::Mat rippled(const cv::Mat& image, int64_t frame, float reach = 0.006F);

/// Adds the noise of a sensor: of these deviations in levels, that of the light in all channels alike.
void add_grain(cv::Mat& image, CounterRng& rng, double light, double colour);

/// The original with the replacement below its cover, and the mask of what that touched.
Forgery mixed_by(const cv::Mat& original, const cv::Mat& replacement, const cv::Mat& cover);

}  // namespace realface::data::synthesis
