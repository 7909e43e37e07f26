// The list of stages of a program that knows one more: stages/kinds/kinds.cpp and a line.

#include <array>

#include "stages/pretrain/recipe.h"
#include "stages/recipe.h"
#include "tests/stages/toy/recipe.h"

namespace realface::stages {

std::span<const Kind> kinds() {
  static constexpr std::array kKinds{
      Kind{"pretrain", "Image masked autoencoder on real faces", make_recipe<PretrainRecipe>},
      Kind{"toy", "Two linear maps over a frozen autoencoder", make_recipe<ToyRecipe>},
  };
  return kKinds;
}

}  // namespace realface::stages
