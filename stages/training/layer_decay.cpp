#include "stages/training/layer_decay.h"

#include <cmath>
#include <string>

namespace realface::stages {
namespace {

int64_t layer_of(const std::string& name, int64_t depth) {
  if (name == "cls_token" || name == "pos_embed" || name.starts_with("patch_embed.")) { return 0; }
  const std::string blocks = "blocks.";
  return name.starts_with(blocks) ? std::stoll(name.substr(blocks.size())) + 1 : depth + 1;
}

}  // namespace

Optimizer::Rule vit_rule(int64_t depth, double decay) {
  return [depth, decay](const std::string& name, const torch::Tensor& parameter) -> ParameterRule {
    const bool token = name == "cls_token" || name == "pos_embed";
    return {.decayed = parameter.dim() > 1 && !token,
            .rate_scale = std::pow(decay, static_cast<double>(depth + 1 - layer_of(name, depth)))};
  };
}

}  // namespace realface::stages
