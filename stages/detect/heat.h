#pragma once

#include <torch/types.h>
#include <filesystem>
#include <opencv2/core.hpp>

namespace realface::stages {

/// Blends heat, f32 [H, W] in [0, 1], into `place` of a picture (8 bits, 3 channels), as far as that lies in it: in
/// `colour` in proportion to the heat, up to one half; the area above 0.5 is outlined in white.
void lay_over(const torch::Tensor& heat, const cv::Scalar& colour, const cv::Rect& place, cv::Mat& picture);

/// The same where `to_heat` maps pixels of the picture to values of the heat, as an upright or turned crop was cut out.
void lay_turned(const torch::Tensor& heat, const cv::Scalar& colour, const cv::Matx23d& to_heat, cv::Mat& picture);

/// Publishes a picture, BGR, as a PNG file. Throws Error if it cannot be written.
void publish_png(const std::filesystem::path& path, const cv::Mat& bgr);

}  // namespace realface::stages
