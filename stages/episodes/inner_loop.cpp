#include "stages/episodes/inner_loop.h"

#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/autograd.h>

namespace realface::stages {
namespace {

Parameters descended(const InnerConfig& config, const Parameters& from, const torch::Tensor& loss) {
  const auto gradients = torch::autograd::grad({loss}, from, {}, /*retain_graph=*/true, config.second_order,
                                               /*allow_unused=*/true);
  Parameters to;
  for (size_t i = 0; i < from.size(); ++i) {
    to.push_back(gradients[i].defined() ? from[i] - config.rate * gradients[i] : from[i]);
  }
  return to;
}

/// 1-based; of equal scores the last.
int64_t best(const std::vector<torch::Tensor>& scores) {
  const auto all = at::stack(scores).to(torch::kCPU, torch::kFloat64);
  const auto* values = all.const_data_ptr<double>();
  int64_t chosen = 0;
  for (int64_t i = 0; i < all.size(0); ++i) { chosen = values[i] >= values[chosen] ? i : chosen; }
  return chosen + 1;
}

}  // namespace

Adapted adapt(const InnerConfig& config, const Parameters& start, const InnerLoss& loss, const ReferenceScore& score) {
  std::vector<Parameters> after{start};
  std::vector<torch::Tensor> scores;
  for (int64_t step = 1; step <= config.steps; ++step) {
    after.push_back(descended(config, after.back(), loss(after.back(), step)));
    if (!score) { continue; }
    const torch::NoGradGuard no_grad;
    scores.push_back(score(after.back()));
  }
  const int64_t chosen = scores.empty() ? config.steps : best(scores);
  return {after[static_cast<size_t>(chosen)], chosen};
}

}  // namespace realface::stages
