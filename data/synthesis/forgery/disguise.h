#pragma once

#include <opencv2/core/mat.hpp>

#include "base/counter_rng.h"

/// What hides that a part of a picture is another's. Pictures are CV_8UC3 RGB; the replacement `image` is changed so
/// that, mixed into the original by the cover (blending.h, mixed_by), it gives nothing away by its light, its sharpness
/// or its noise.
namespace realface::data::synthesis {

/// The detail of `image` on what is wide in `original`: two bands of a Laplacian pyramid (Burt and Adelson 1983).
cv::Mat in_the_light_of(const cv::Mat& original, const cv::Mat& image, double sigma);

/// Makes lines and skin of `image` so strong that the mixed picture's have `aimed` times the power of the original's.
/// Two faces' lines partly cancel out at the rim, so those of `image` alone have to be stronger.
void match_lines(const cv::Mat& original, const cv::Mat& cover, double aimed, cv::Mat& image);

/// Gives `image` grain until the mixed picture has as much as the original; the cover weakens what is added.
void match_grain(const cv::Mat& original, const cv::Mat& cover, CounterRng& rng, cv::Mat& image);

}  // namespace realface::data::synthesis
