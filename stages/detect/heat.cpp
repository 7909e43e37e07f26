#include "stages/detect/heat.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::stages {

void lay_over(const torch::Tensor& heat, const cv::Scalar& colour, const cv::Rect& place, cv::Mat& picture) {
  const cv::Rect seen = place & cv::Rect({0, 0}, picture.size());
  if (seen.empty()) { return; }
  const auto values = heat.contiguous();
  const cv::Mat own(static_cast<int>(values.size(0)), static_cast<int>(values.size(1)), CV_32F,
                    const_cast<float*>(values.const_data_ptr<float>()));
  cv::Mat whole, share, base;
  cv::resize(own, whole, place.size(), 0, 0, cv::INTER_LINEAR);
  const cv::Mat scaled = whole(seen - place.tl());
  cv::merge(std::vector<cv::Mat>(3, 0.5 * scaled), share);
  cv::Mat part = picture(seen);
  part.convertTo(base, CV_32F);
  const cv::Mat mixed = base + share.mul(cv::Mat(seen.size(), CV_32FC3, colour) - base);
  mixed.convertTo(part, CV_8U);
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(scaled >= 0.5, outlines, cv::RETR_LIST, cv::CHAIN_APPROX_NONE);
  cv::drawContours(part, outlines, -1, cv::Scalar(255, 255, 255));
}

void publish_png(const std::filesystem::path& path, const cv::Mat& bgr) {
  std::vector<uint8_t> png;
  if (!cv::imencode(".png", bgr, png)) { throw Error(subject_of(path) + " cannot be encoded as PNG"); }
  publish_file(path, std::string(png.begin(), png.end()));
}

}  // namespace realface::stages
