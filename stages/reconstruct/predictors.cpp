#include "stages/reconstruct/predictors.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

#include "base/error.h"

namespace realface::stages {

MeanPatches::MeanPatches(const Normaliser& pixels, int64_t steps, distributed::World& world)
    : pixels_(pixels), steps_(steps), world_(world) {}

StepReport MeanPatches::step(const data::Step& step) {
  const torch::NoGradGuard no_grad;
  StepReport report;
  for (const auto& batch : step.streams.at(kStream)) {
    const auto weights = batch.weights.to(torch::kFloat64).view({-1, 1, 1});
    const auto sum = (pixels_.patches(batch.images).to(torch::kFloat64) * weights).sum(0);
    sum_ = sum_.defined() ? sum_ + sum : sum;
    faces_ += std::llround(batch.weights.sum().item<double>());
    report.samples += batch.size() * world_.size();
  }
  ++position_;
  return report;
}

void MeanPatches::finish() {
  if (!sum_.defined()) {
    return;  // the same on every rank: all have as many steps
  }
  auto totals = at::cat({sum_.flatten(), at::tensor({static_cast<double>(faces_)}, sum_.options())}).cpu();
  world_.host_group().all_reduce(totals)->wait();
  faces_ = std::llround(totals[-1].item<double>());
  sum_ = totals.slice(0, 0, -1).view(sum_.sizes()).to(sum_.device());
}

torch::Tensor MeanPatches::mean() const {
  if (faces_ == 0) {
    throw DataError("[reconstruct] no face of the training split was read; expected at least one; check data.shards");
  }
  return (sum_ / static_cast<double>(faces_)).to(torch::kFloat32);
}

torch::Tensor neighbour_colours(const torch::Tensor& tokens, const torch::Tensor& masks, int64_t places) {
  const auto patches = tokens.reshape({-1, places, tokens.size(2)});
  const auto mask = masks.reshape({-1, places});
  const int64_t batch = patches.size(0), count = patches.size(1);
  const auto grid = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(count))));
  const auto seen = mask.logical_not().to(patches.scalar_type()).view({batch, 1, grid, grid});
  const auto colour = patches.view({batch, count, -1, 3}).mean(2).transpose(1, 2).reshape({batch, 3, grid, grid});
  auto guess = at::zeros_like(colour);
  auto missing = at::zeros({batch, 1, grid, grid}, mask.options()).logical_not();
  for (int64_t reach = 1; reach < grid && missing.any().item<bool>(); ++reach) {
    const int64_t side = 2 * reach + 1;
    const auto square_mean = [&](const torch::Tensor& values) { return at::avg_pool2d(values, side, 1, reach); };
    const auto weight = square_mean(seen);
    // Counted in whole patches: a mean under half of one is none.
    const auto found = missing.logical_and(weight * static_cast<double>(side * side) > 0.5);
    guess = at::where(found, square_mean(colour * seen) / weight.clamp_min(1e-12), guess);
    missing = missing.logical_and(found.logical_not());
  }
  return guess.flatten(2).transpose(1, 2).repeat({1, 1, patches.size(2) / 3}).view(tokens.sizes());
}

}  // namespace realface::stages
