#include <array>

#include "stages/evaluate/recipe.h"
#include "stages/finetune/recipe.h"
#include "stages/pretrain/recipe.h"
#include "stages/recipe.h"

namespace realface::stages {

std::span<const Kind> kinds() {
  static constexpr std::array kKinds{
      Kind{"pretrain", "Image masked autoencoder on real faces", make_recipe<PretrainRecipe>},
      Kind{"finetune", "Encoder of an autoencoder as a classifier of videos", make_recipe<FinetuneRecipe>},
      Kind{"evaluate", "Scores of videos by trained networks", make_recipe<EvaluateRecipe>},
  };
  return kKinds;
}

}  // namespace realface::stages
