#include "stages/reconstruct/picture.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/where.h>

#include <opencv2/imgproc.hpp>
#include <vector>

#include "data/codec/codec.h"
#include "models/layers/tokens.h"

namespace realface::stages {
namespace {

constexpr int kGrey = 150;  // as far from light skin as from dark

/// Takes `replacement` where the mask is set. Patches [N, P*P*3], u8.
torch::Tensor replace(const torch::Tensor& rgb, const torch::Tensor& replacement, const torch::Tensor& mask,
                      int64_t patch) {
  const auto patches = models::patchify(rgb.unsqueeze(0), patch);
  return models::unpatchify(at::where(mask.view({1, -1, 1}), replacement, patches), patch).squeeze(0);
}

}  // namespace

std::string encode_png(const torch::Tensor& rgb) {
  const auto pixels = rgb.cpu().contiguous();
  return data::encode_frame(data::Codec::png, pixels.const_data_ptr<uint8_t>(), static_cast<int>(pixels.size(0)),
                            static_cast<int>(pixels.size(1)));
}

torch::Tensor grey_levels(const torch::Tensor& values) {
  return (values.clamp(0, 1) * 255).round().to(torch::kUInt8).unsqueeze(-1).expand({-1, -1, 3});
}

torch::Tensor heat_over(const torch::Tensor& rgb, const torch::Tensor& values) {
  auto levels = (values.clamp(0, 1) * 255).round().to(torch::kUInt8).cpu().contiguous();
  const cv::Mat wrapped(static_cast<int>(levels.size(0)), static_cast<int>(levels.size(1)), CV_8U,
                        levels.data_ptr<uint8_t>());
  cv::Mat bgr;
  cv::applyColorMap(wrapped, bgr, cv::COLORMAP_INFERNO);
  auto heat = at::empty({levels.size(0), levels.size(1), 3}, torch::kUInt8);
  cv::Mat into(bgr.rows, bgr.cols, CV_8UC3, heat.data_ptr<uint8_t>());
  cv::cvtColor(bgr, into, cv::COLOR_BGR2RGB);
  return ((rgb.cpu().to(torch::kFloat32) + heat.to(torch::kFloat32)) / 2).round().to(torch::kUInt8);
}

torch::Tensor grey_out(const torch::Tensor& rgb, const torch::Tensor& mask, int64_t patch) {
  return replace(rgb, torch::Tensor(rgb.new_full({1, 1, 1}, kGrey)), mask, patch);
}

torch::Tensor composite(const torch::Tensor& original, const torch::Tensor& predicted, const torch::Tensor& mask,
                        int64_t patch) {
  const auto bytes = (predicted.clamp(0, 1) * 255).round().to(torch::kUInt8).unsqueeze(0);
  return replace(original, bytes, mask, patch);
}

}  // namespace realface::stages
