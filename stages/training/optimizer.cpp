#include "stages/training/optimizer.h"

#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/_fused_sgd.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"

namespace realface::stages {

ParameterRule Optimizer::mae_rule(const std::string& name, const torch::Tensor& parameter) {
  return {.decayed = parameter.dim() > 1 && !name.ends_with(".bias")};
}

Optimizer::Optimizer(const OptimizerConfig& config, const std::vector<Named>& masters,
                     std::vector<torch::Tensor> working, const Rule& rule)
    : config_(config) {
  if (masters.empty() || masters.size() != working.size()) {
    throw Error(
        fmt::format("[optimizer] {} masters and {} working parameters; as many of each, and at least one, are needed",
                    masters.size(), working.size()));
  }
  for (size_t i = 0; i < masters.size(); ++i) {
    const auto& [name, master] = masters[i];
    if (master.scalar_type() != torch::kFloat32 && master.scalar_type() != torch::kFloat64) {
      throw Error(
          fmt::format("[optimizer] {} is neither fp32 nor fp64; the optimizer updates masters of these types", name));
    }
    auto& group = group_of(rule(name, master));
    group.names.push_back(name);
    group.masters.push_back(master.detach());
    group.working.push_back(working[i]);
    for (auto& state : group.states) { state.push_back(at::zeros_like(group.masters.back())); }
  }
  step_ = at::zeros({1}, masters.front().second.options().dtype(torch::kFloat32).requires_grad(false));
}

Optimizer::Group& Optimizer::group_of(const ParameterRule& rule) {
  const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) {
    return group.rule.decayed == rule.decayed && group.rule.rate_scale == rule.rate_scale;
  });
  if (found != groups_.end()) { return *found; }
  groups_.emplace_back();
  groups_.back().rule = rule;
  groups_.back().states.resize(state_names().size());
  return groups_.back();
}

const std::vector<std::string>& Optimizer::state_names() const {
  static const std::vector<std::string> kAdam{"exp_avg", "exp_avg_sq"}, kSgd{"momentum"};
  return config_.kind == "sgd" ? kSgd : kAdam;
}

void Optimizer::step(double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip) {
  const torch::NoGradGuard no_grad;
  step_.add_(1).sub_(skip);
  for (auto& group : groups_) { update(group, learning_rate, divisor, skip); }
}

void Optimizer::update(Group& group, double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip) {
  std::vector<torch::Tensor> gradients;
  gradients.reserve(group.working.size());
  for (const auto& parameter : group.working) { gradients.push_back(parameter.grad()); }
  run_kernel(group, gradients, learning_rate * group.rule.rate_scale, divisor, skip);
  if (!group.working.front().is_alias_of(group.masters.front())) { at::_foreach_copy_(group.working, group.masters); }
}

void Optimizer::run_kernel(Group& group, const std::vector<torch::Tensor>& gradients, double learning_rate,
                           const torch::Tensor& divisor, const torch::Tensor& skip) {
  const double decay = group.rule.decayed ? config_.weight_decay : 0;
  std::optional<torch::Tensor> scale;
  if (divisor.defined()) { scale = divisor; }
  if (config_.kind == "sgd") {
    // Buffers begin as zeros, which makes the first step the gradient itself, as PyTorch's first step is.
    at::_fused_sgd_(group.masters, gradients, group.states[0], decay, config_.momentum, learning_rate, /*dampening=*/0,
                    /*nesterov=*/false, /*maximize=*/false, /*is_first_step=*/false, scale, skip);
    return;
  }
  const std::vector<torch::Tensor> steps(gradients.size(), step_);
  const auto run = [&](auto kernel) {
    kernel(group.masters, gradients, group.states[0], group.states[1], at::TensorList{}, steps, learning_rate,
           config_.beta1, config_.beta2, decay, config_.eps, /*amsgrad=*/false, /*maximize=*/false, scale, skip);
  };
  if (config_.kind == "adam") {
    run([](auto&&... arguments) { at::_fused_adam_(arguments...); });
  } else {
    run([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
  }
}

std::vector<Slice> Optimizer::tensors() const {
  std::vector<Slice> slices{replicated("step", step_)};
  for (const auto& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      for (size_t state = 0; state < state_names().size(); ++state) {
        slices.push_back(replicated(group.names[i] + "." + state_names()[state], group.states[state][i]));
      }
    }
  }
  return slices;
}

nlohmann::json Optimizer::values() const { return {{"kind", config_.kind}}; }

void Optimizer::restore(const nlohmann::json& values) {
  const auto kind = values.value("kind", config_.kind);
  if (kind != config_.kind) {
    throw CheckpointError(
        fmt::format("[optimizer] the checkpoint's state is of '{0}', this run uses '{1}'; resume with "
                    "train.optimizer={0}",
                    kind, config_.kind));
  }
}

}  // namespace realface::stages
