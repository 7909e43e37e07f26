#pragma once

#include <opencv2/core/mat.hpp>

#include "base/counter_rng.h"

namespace realface::data::synthesis {

/// Smooth noise around 0, mostly within -1..1, CV_32F [height, width]: octaves of random grids, the first with cells of
/// `cell` pixels, each next one with half the cell and `gain` times the height.
cv::Mat fractal(CounterRng& rng, int width, int height, float cell, int octaves, float gain = 0.5F);

/// Independent noise for every pixel, roughly normal with deviation 1, CV_32F [height, width].
cv::Mat grain(CounterRng& rng, int width, int height);

/// The texture at a place between its pixels; x wraps around, y is clamped.
float lookup(const cv::Mat& texture, float x, float y);

}  // namespace realface::data::synthesis
