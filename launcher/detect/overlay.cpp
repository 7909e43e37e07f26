#include "launcher/detect/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "stages/detect/heat.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;

const cv::Scalar kHeat(255, 150, 0), kFrame(255, 255, 255), kText(20, 20, 20);  // RGB
constexpr int kTicks = 40;  // a frame; at 25 frames a second, a millisecond each

cv::Rect pixels_of(const data::preprocess::Box& box) {
  const auto left = static_cast<int>(std::lround(box.left)), top = static_cast<int>(std::lround(box.top));
  return {left, top, std::max(1, static_cast<int>(std::lround(box.width()))),
          std::max(1, static_cast<int>(std::lround(box.height())))};
}

void draw(const Mark& mark, cv::Mat& picture) {
  if (mark.heat.defined()) {
    const auto& m = mark.to_crop;
    stages::lay_turned(mark.heat, kHeat, cv::Matx23d(m[0], m[1], m[2], m[3], m[4], m[5]), picture);
  }
  const auto box = pixels_of(mark.box);
  cv::rectangle(picture, box, kFrame, 1, cv::LINE_AA);
  const double scale = std::clamp(picture.rows / 800.0, 0.35, 1.5);
  const auto text = fmt::format("{}: {:.2f}", mark.person, mark.p_fake);
  int below = 0;
  const auto size = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale, 1, &below);
  const cv::Point corner(box.x, std::max(size.height + below, box.y));
  cv::rectangle(picture, corner + cv::Point(0, below), corner + cv::Point(size.width, -size.height), kFrame,
                cv::FILLED);
  cv::putText(picture, text, corner, cv::FONT_HERSHEY_SIMPLEX, scale, kText, 1, cv::LINE_AA);
}

}  // namespace

Overlay::Overlay(fs::path file, const data::preprocess::StreamInfo& info, int32_t step)
    : path_(std::move(file)), still_(info.times_us.size() == 1) {
  path_ += still_ ? ".overlay.png" : ".overlay.mp4";
  const double fps = info.fps > 0 ? info.fps : 25;
  rate_ = std::clamp(static_cast<int>(std::lround(fps / step)), 1, 240);
}

Overlay::~Overlay() = default;

void Overlay::add(data::preprocess::Frame frame, const std::vector<Mark>& marks) {
  auto& shown = frame.picture;
  cv::Mat picture(shown.height, shown.width, CV_8UC3, shown.pixels.data(), shown.stride);
  for (const auto& mark : marks) { draw(mark, picture); }
  if (!still_) { return write(picture, frame.pts_us); }
  cv::Mat bgr;
  cv::cvtColor(picture, bgr, cv::COLOR_RGB2BGR);
  stages::publish_png(path_, bgr);
}

/// H.264 wants even sides, and one size throughout.
void Overlay::write(const cv::Mat& picture, int64_t pts_us) {
  if (encoder_ == nullptr) {
    size_ = {std::max(2, picture.cols / 2 * 2), std::max(2, picture.rows / 2 * 2)};
    encoder_ = std::make_unique<data::synthesis::VideoEncoder>(path_.string() + ".part", size_, rate_,
                                                               data::synthesis::VideoEncoder::Kind::picture, kTicks);
  }
  tick_ = std::max(tick_ + 1, static_cast<int64_t>(std::llround(static_cast<double>(pts_us) / 1e6 * rate_ * kTicks)));
  const bool fits = picture.cols / 2 * 2 == size_.width && picture.rows / 2 * 2 == size_.height;
  cv::Mat whole;
  if (fits) {
    whole = picture(cv::Rect({0, 0}, size_));
  } else {
    cv::resize(picture, whole, size_, 0, 0, cv::INTER_AREA);
  }
  encoder_->add_at(whole, tick_);
}

void Overlay::finish() {
  if (encoder_ == nullptr) { return; }
  encoder_->finish();
  encoder_.reset();
  const auto part = path_.string() + ".part";
  try {
    publish_rename(part, path_);
  } catch (const Error&) {
    std::error_code ignored;
    fs::remove(part, ignored);
    throw;
  }
}

}  // namespace realface::launcher
