#pragma once

#include <torch/types.h>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/state.h"

namespace realface::stages {

struct OptimizerConfig {
  std::string kind = "adamw";  // adamw (decay apart from the gradient) | adam (decay added to it) | sgd (the same)
  double beta1 = 0.9, beta2 = 0.95;  // adamw, adam (G15)
  double eps = 1e-8;                 // adamw, adam
  double momentum = 0.9;             // sgd
  double weight_decay = 0.05;
};

/// How one parameter is treated.
struct ParameterRule {
  bool decayed = true;
  double rate_scale = 1;  // times the learning rate: layer decay gives early layers less
};

/// AdamW (Loshchilov and Hutter 2019), Adam (Kingma and Ba 2015) or SGD with momentum, over fp32 (or fp64) masters, by
/// ATen's fused kernels.
///
/// State: `exp_avg` and `exp_avg_sq`, or `momentum`, of each parameter by its name, and one `step` for all. Nothing
/// here waits for the device. Used from the main thread.
class Optimizer final : public Part {
 public:
  using Named = std::pair<std::string, torch::Tensor>;
  using Rule = std::function<ParameterRule(const std::string& name, const torch::Tensor& parameter)>;

  /// masters: the fp32 parameters that are updated. working: the parameters, in the same order, whose `.grad()` (fp32)
  /// is used: the masters themselves, or their bf16 copies, which are refreshed after every update. rule: asked once
  /// for each master. Throws Error for masters that are neither fp32 nor fp64, or not as many as the working
  /// parameters.
  Optimizer(const OptimizerConfig& config, const std::vector<Named>& masters, std::vector<torch::Tensor> working,
            const Rule& rule = mae_rule);

  /// One update. Gradients are divided by `divisor` (undefined: 1); if `skip` (f32 [1]) is 1, nothing changes, the step
  /// count included.
  void step(double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip);

  std::string part_name() const override { return "optimizer"; }
  std::vector<Slice> tensors() const override;
  nlohmann::json values() const override;
  void restore(const nlohmann::json& values) override;

  /// The rule of facebookresearch/mae: parameters of one dimension and biases are not decayed, class and mask token
  /// are.
  static ParameterRule mae_rule(const std::string& name, const torch::Tensor& parameter);
  /// All parameters are decayed, as those of PyTorch's optimizers without groups are.
  static ParameterRule all_decayed(const std::string& /*name*/, const torch::Tensor& /*parameter*/) { return {}; }

 private:
  struct Group {
    ParameterRule rule;
    std::vector<std::string> names;
    std::vector<torch::Tensor> masters, working;
    std::vector<std::vector<torch::Tensor>> states;  // by state_names(), then by parameter
  };
  Group& group_of(const ParameterRule& rule);
  const std::vector<std::string>& state_names() const;
  void update(Group& group, double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip);
  void run_kernel(Group& group, const std::vector<torch::Tensor>& gradients, double learning_rate,
                  const torch::Tensor& divisor, const torch::Tensor& skip);

  OptimizerConfig config_;
  std::vector<Group> groups_;  // by rule, in the order in which the rules were met
  torch::Tensor step_;         // f32 [1]: float, because the fused kernels want it so; exact up to 2^24 updates
};

}  // namespace realface::stages
