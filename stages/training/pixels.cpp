#include "stages/training/pixels.h"

#include <ATen/ops/addcmul.h>
#include <ATen/ops/tensor.h>

#include <vector>

#include "base/error.h"
#include "models/layers/tokens.h"

namespace realface::stages {
namespace {

// Of ImageNet's training images, as every published MAE uses them.
const std::vector<double> kMean{0.485, 0.456, 0.406};
const std::vector<double> kDeviation{0.229, 0.224, 0.225};

}  // namespace

Normaliser::Normaliser(const std::string& kind, int64_t patch, torch::Device device, int64_t tubelet)
    : patch_(patch), tubelet_(tubelet) {
  auto mean = at::tensor(kMean, torch::kFloat64);
  auto deviation = at::tensor(kDeviation, torch::kFloat64);
  if (kind == "unit") {
    mean.zero_();
    deviation.fill_(1.0);
  } else if (kind == "half") {
    mean.fill_(0.5);
    deviation.fill_(0.5);
  } else if (kind != "imagenet") {
    throw ConfigError("[pixels] '" + kind + "'; expected imagenet, unit or half");
  }
  const auto per_patch = [&](const torch::Tensor& channels) {
    return channels.repeat({patch * patch}).to(torch::kFloat32).to(device);
  };
  scale_ = per_patch(1.0 / (deviation * 255.0));
  shift_ = per_patch(-mean / deviation);
}

torch::Tensor Normaliser::patches(const torch::Tensor& images) const {
  // Cut into patches while the pixels are still bytes: a quarter of the traffic.
  if (images.dim() == 4) { return at::addcmul(shift_, models::patchify(images, patch_).to(torch::kFloat32), scale_); }
  const auto tokens = models::tubify(images, patch_, tubelet_).unflatten(-1, {tubelet_, -1});
  return at::addcmul(shift_, tokens.to(torch::kFloat32), scale_).flatten(-2);
}

torch::Tensor Normaliser::planes(const torch::Tensor& images) const {
  const auto normalised = at::addcmul(shift_.narrow(0, 0, 3), images.to(torch::kFloat32), scale_.narrow(0, 0, 3));
  return normalised.permute({0, 3, 1, 2});
}

torch::Tensor Normaliser::unit(const torch::Tensor& patches) const {
  const auto frames = patches.to(torch::kFloat32).unflatten(-1, {-1, shift_.size(0)});
  return ((frames - shift_) / (scale_ * 255.0)).flatten(-2);
}

}  // namespace realface::stages
