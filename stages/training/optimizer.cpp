#include "stages/training/optimizer.h"

#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"

namespace realface::stages {

bool Optimizer::decayed(const std::string& name, const torch::Tensor& parameter) {
  return parameter.dim() > 1 && !name.ends_with(".bias");
}

Optimizer::Optimizer(const OptimizerConfig& config, const std::vector<Named>& masters,
                     std::vector<torch::Tensor> working)
    : config_(config), groups_(2) {
  if (masters.empty() || masters.size() != working.size()) {
    throw Error("[optimizer] " + std::to_string(masters.size()) + " masters and " + std::to_string(working.size()) +
                " working parameters; as many of each, and at least one, are needed");
  }
  groups_[0].weight_decay = config.weight_decay;
  for (size_t i = 0; i < masters.size(); ++i) {
    const auto& [name, master] = masters[i];
    if (master.scalar_type() != torch::kFloat32) {
      throw Error("[optimizer] " + name + " is not fp32; the optimizer updates fp32 masters");
    }
    auto& group = groups_[decayed(name, master) ? 0 : 1];
    group.names.push_back(name);
    group.masters.push_back(master.detach());
    group.working.push_back(working[i]);
    group.exp_avgs.push_back(at::zeros_like(group.masters.back()));
    group.exp_avg_sqs.push_back(at::zeros_like(group.masters.back()));
  }
  step_ = at::zeros({1}, masters.front().second.options().requires_grad(false));
}

void Optimizer::step(double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip) {
  const torch::NoGradGuard no_grad;
  step_.add_(1).sub_(skip);
  for (auto& group : groups_) {
    if (!group.names.empty()) { update(group, learning_rate, divisor, skip); }
  }
}

void Optimizer::update(Group& group, double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip) {
  std::vector<torch::Tensor> gradients;
  gradients.reserve(group.working.size());
  for (const auto& parameter : group.working) { gradients.push_back(parameter.grad()); }
  const std::vector<torch::Tensor> steps(gradients.size(), step_);
  std::optional<torch::Tensor> scale;
  if (divisor.defined()) { scale = divisor; }
  const auto run = [&](auto kernel) {
    kernel(group.masters, gradients, group.exp_avgs, group.exp_avg_sqs, at::TensorList{}, steps, learning_rate,
           config_.beta1, config_.beta2, group.weight_decay, config_.eps, /*amsgrad=*/false, /*maximize=*/false, scale,
           skip);
  };
  if (config_.kind == "adam") {
    run([](auto&&... arguments) { at::_fused_adam_(arguments...); });
  } else {
    run([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
  }
  if (!group.working.front().is_alias_of(group.masters.front())) { at::_foreach_copy_(group.working, group.masters); }
}

std::vector<Slice> Optimizer::tensors() const {
  std::vector<Slice> slices{replicated("step", step_)};
  for (const auto& group : groups_) {
    for (size_t i = 0; i < group.names.size(); ++i) {
      slices.push_back(replicated(group.names[i] + ".exp_avg", group.exp_avgs[i]));
      slices.push_back(replicated(group.names[i] + ".exp_avg_sq", group.exp_avg_sqs[i]));
    }
  }
  return slices;
}

nlohmann::json Optimizer::values() const { return {{"kind", config_.kind}}; }

void Optimizer::restore(const nlohmann::json& values) {
  const auto kind = values.value("kind", config_.kind);
  if (kind != config_.kind) {
    throw CheckpointError("[optimizer] the checkpoint's state is of '" + kind + "', this run uses '" + config_.kind +
                          "'; resume with train.optimizer=" + kind);
  }
}

}  // namespace realface::stages
