#include "stages/reconstruct/restorable.h"

#include "base/error.h"
#include "stages/pretrain/recipe.h"

namespace realface::stages {

Restorable restorable(const Recipe& recipe) {
  const auto* pretrain = dynamic_cast<const PretrainRecipe*>(&recipe);
  if (pretrain == nullptr) {
    throw ConfigError(
        "[reconstruct] the run's stage has no masked autoencoder that restores faces; name the run of a pretraining");
  }
  const auto& config = pretrain->config();
  if (config.mask.kind == "none") {
    throw ConfigError(
        "[reconstruct] the run was configured with mask.kind=none, so nothing is hidden; expected a mask");
  }
  return {config.model, config.mask, config.pixels};
}

}  // namespace realface::stages
