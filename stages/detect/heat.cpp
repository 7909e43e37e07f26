#include "stages/detect/heat.h"

#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "data/codec/codec.h"

namespace realface::stages {
namespace {

cv::Mat view_of(const torch::Tensor& heat) {
  return {static_cast<int>(heat.size(0)), static_cast<int>(heat.size(1)), CV_32F,
          const_cast<float*>(heat.const_data_ptr<float>())};
}

/// `heat`: of the part's size.
void blend_in(const cv::Mat& heat, const cv::Scalar& colour, cv::Mat part) {
  cv::Mat share, base;
  cv::merge(std::vector<cv::Mat>(3, 0.5 * heat), share);
  part.convertTo(base, CV_32F);
  const cv::Mat mixed = base + share.mul(cv::Mat(part.size(), CV_32FC3, colour) - base);
  mixed.convertTo(part, CV_8U);
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(heat >= 0.5, outlines, cv::RETR_LIST, cv::CHAIN_APPROX_NONE);
  cv::drawContours(part, outlines, -1, cv::Scalar(255, 255, 255));
}

/// The pixels of a picture that lie in the heat, as far as they lie in the picture too.
cv::Rect reached(const cv::Mat& heat, const cv::Matx23d& to_heat, const cv::Size& picture) {
  cv::Matx23d back;
  cv::invertAffineTransform(to_heat, back);
  const auto right = static_cast<float>(heat.cols) - 0.5F, bottom = static_cast<float>(heat.rows) - 0.5F;
  std::vector<cv::Point2f> corners = {{-0.5F, -0.5F}, {right, -0.5F}, {right, bottom}, {-0.5F, bottom}};
  cv::transform(corners, corners, back);
  return cv::boundingRect(corners) & cv::Rect({0, 0}, picture);
}

}  // namespace

void lay_over(const torch::Tensor& heat, const cv::Scalar& colour, const cv::Rect& place, cv::Mat& picture) {
  const cv::Rect seen = place & cv::Rect({0, 0}, picture.size());
  if (seen.empty()) { return; }
  const auto values = heat.contiguous();
  cv::Mat whole;
  cv::resize(view_of(values), whole, place.size(), 0, 0, cv::INTER_LINEAR);
  blend_in(whole(seen - place.tl()), colour, picture(seen));
}

void lay_turned(const torch::Tensor& heat, const cv::Scalar& colour, const cv::Matx23d& to_heat, cv::Mat& picture) {
  const auto values = heat.contiguous();
  const cv::Mat own = view_of(values);
  const cv::Rect seen = reached(own, to_heat, picture.size());
  if (seen.empty()) { return; }
  auto from_seen = to_heat;
  for (int row : {0, 1}) { from_seen(row, 2) += to_heat(row, 0) * seen.x + to_heat(row, 1) * seen.y; }
  cv::Mat scaled;
  cv::warpAffine(own, scaled, from_seen, seen.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT);
  blend_in(scaled, colour, picture(seen));
}

void publish_png(const std::filesystem::path& path, const cv::Mat& bgr) {
  cv::Mat rgb;
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  publish_file(path, data::encode_frame(data::Codec::png, rgb.data, rgb.rows, rgb.cols));
}

}  // namespace realface::stages
