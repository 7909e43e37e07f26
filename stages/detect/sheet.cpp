#include "stages/detect/sheet.h"

#include <fmt/format.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "stages/detect/heat.h"

namespace realface::stages {
namespace {

constexpr int kSide = 128, kCaption = 18, kGap = 6;
const cv::Scalar kOrange(0, 150, 255);  // BGR

/// BGR, kSide x kSide.
cv::Mat picture_of(const torch::Tensor& face) {
  const auto pixels = face.contiguous();
  const cv::Mat rgb(static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)), CV_8UC3,
                    const_cast<uint8_t*>(pixels.const_data_ptr<uint8_t>()));
  cv::Mat bgr, scaled;
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  cv::resize(bgr, scaled, {kSide, kSide}, 0, 0, cv::INTER_AREA);
  return scaled;
}

void write_on(cv::Mat& sheet, const std::string& text, int x, int y) {
  cv::putText(sheet, text, {x, y}, cv::FONT_HERSHEY_SIMPLEX, 0.4, cv::Scalar(30, 30, 30), 1, cv::LINE_AA);
}

/// A person's row, from `top` on.
void draw_row(cv::Mat& sheet, int64_t person, const std::vector<Look>& looks, bool heat, int top) {
  write_on(sheet, fmt::format("person {}", person), kGap, top + kCaption - 5);
  for (size_t i = 0; i < looks.size(); ++i) {
    const int x = kGap + static_cast<int>(i) * (kSide + kGap), y = top + kCaption;
    auto picture = picture_of(looks[i].face);
    picture.copyTo(sheet(cv::Rect(x, y, kSide, kSide)));
    write_on(sheet, fmt::format("{:.2f} s: {:.3f}", looks[i].seconds, looks[i].p_fake), x, y + kSide + kCaption - 5);
    if (!heat || !looks[i].heat.defined()) { continue; }
    lay_over(looks[i].heat, kOrange, {0, 0, kSide, kSide}, picture);
    picture.copyTo(sheet(cv::Rect(x, y + kSide + kCaption, kSide, kSide)));
  }
}

}  // namespace

void Looks::add(const Look& look) {
  if (count_++ % stride_ != 0) { return; }
  kept_.push_back({look.seconds, look.p_fake, look.face.clone(), look.heat.defined() ? look.heat.clone() : look.heat});
  if (kept_.size() < 2 * most_) { return; }
  // Every other one goes, so that twice as many frames fit.
  std::vector<Look> fewer;
  for (size_t i = 0; i < kept_.size(); i += 2) { fewer.push_back(std::move(kept_[i])); }
  kept_ = std::move(fewer);
  stride_ *= 2;
}

std::vector<Look> Looks::chosen() const {
  std::vector<Look> some;
  const size_t count = std::min(most_, kept_.size());
  for (size_t i = 0; i < count; ++i) { some.push_back(kept_[i * kept_.size() / count]); }
  return some;
}

void write_contact_sheet(const std::filesystem::path& path, const std::map<int64_t, Looks>& people) {
  std::map<int64_t, std::vector<Look>> rows;
  size_t columns = 1;
  bool heat = false;
  for (const auto& [person, looks] : people) {
    rows[person] = looks.chosen();
    columns = std::max(columns, rows[person].size());
    heat = heat || std::ranges::any_of(rows[person], [](const Look& look) { return look.heat.defined(); });
  }
  const int height = kSide + 2 * kCaption + (heat ? kSide + kGap : 0) + kGap;
  cv::Mat sheet(std::max<int>(1, static_cast<int>(rows.size())) * height + kGap,
                static_cast<int>(columns) * (kSide + kGap) + kGap, CV_8UC3, cv::Scalar(255, 255, 255));
  int top = 0;
  for (const auto& [person, looks] : rows) {
    draw_row(sheet, person, looks, heat, top);
    top += height;
  }
  publish_png(path, sheet);
}

}  // namespace realface::stages
