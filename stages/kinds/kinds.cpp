#include <array>

#include "stages/pretrain/recipe.h"
#include "stages/recipe.h"

namespace realface::stages {

std::span<const Kind> kinds() {
  static constexpr std::array kKinds{
      Kind{"pretrain", "Image masked autoencoder on real faces", make_recipe<PretrainRecipe>},
  };
  return kKinds;
}

}  // namespace realface::stages
