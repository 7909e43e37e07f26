#pragma once

#include <torch/types.h>
#include <string>
#include <utility>
#include <vector>

#include "base/state.h"

namespace realface::stages {

struct OptimizerConfig {
  std::string kind = "adamw";        // adamw (decay apart from the gradient) | adam (decay added to it)
  double beta1 = 0.9, beta2 = 0.95;  // G15
  double eps = 1e-8;
  double weight_decay = 0.05;
};

/// AdamW (Loshchilov and Hutter 2019) or Adam (Kingma and Ba 2015), over fp32 masters, by ATen's fused kernels.
///
/// Weight decay follows facebookresearch/mae: parameters of one dimension and biases are not decayed, class and mask
/// token are. State: `exp_avg` and `exp_avg_sq` of each parameter by its name, and one `step` for all. Nothing here
/// waits for the device. Used from the main thread.
class Optimizer final : public Part {
 public:
  using Named = std::pair<std::string, torch::Tensor>;

  /// masters: the fp32 parameters that are updated. working: the parameters, in the same order, whose `.grad()` (fp32)
  /// is used: the masters themselves, or their bf16 copies, which are then refreshed after every update.
  Optimizer(const OptimizerConfig& config, const std::vector<Named>& masters, std::vector<torch::Tensor> working);

  /// One update. Gradients are divided by `divisor` (undefined: 1); where `skip` (f32 [1]) is 1, nothing changes, also
  /// not the step count.
  void step(double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip);

  std::string part_name() const override { return "optimizer"; }
  std::vector<Slice> tensors() const override;
  nlohmann::json values() const override;
  void restore(const nlohmann::json& values) override;

  static bool decayed(const std::string& name, const torch::Tensor& parameter);

 private:
  struct Group {
    double weight_decay = 0;
    std::vector<std::string> names;
    std::vector<torch::Tensor> masters, working, exp_avgs, exp_avg_sqs;
  };
  void update(Group& group, double learning_rate, const torch::Tensor& divisor, const torch::Tensor& skip);

  OptimizerConfig config_;
  std::vector<Group> groups_;  // decayed, undecayed
  torch::Tensor step_;         // f32 [1]: float, because the fused kernels want it so; exact up to 2^24 updates
};

}  // namespace realface::stages
