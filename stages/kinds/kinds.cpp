#include <array>

#include "stages/attention/recipe.h"
#include "stages/cnn/recipe.h"
#include "stages/composite/recipe.h"
#include "stages/evaluate/recipe.h"
#include "stages/finetune/recipe.h"
#include "stages/localization/recipe.h"
#include "stages/mapping/recipe.h"
#include "stages/pretrain/recipe.h"
#include "stages/recipe.h"
#include "stages/residual/recipe.h"
#include "stages/xception/recipe.h"

namespace realface::stages {

std::span<const Kind> kinds() {
  static constexpr std::array kKinds{
      Kind{"pretrain", "Masked autoencoder of faces or clips, on real ones", make_recipe<PretrainRecipe>},
      Kind{"finetune", "Encoder of an autoencoder as a classifier of videos", make_recipe<FinetuneRecipe>},
      Kind{"composite", "Faces as an autoencoder restores them, kept beside the dataset", make_recipe<CompositeRecipe>},
      Kind{"mapping", "Network from faces to restored faces, by episodes over manipulations",
           make_recipe<MappingRecipe>},
      Kind{"localization", "Localiser of what was tampered with, by episodes over manipulations",
           make_recipe<LocalizationRecipe>},
      Kind{"rffr", "Detector of faces and of what an autoencoder leaves of them", make_recipe<ResidualRecipe>},
      Kind{"lre", "Detector that attends to where faces differ from what an autoencoder makes of them",
           make_recipe<AttentionRecipe>},
      Kind{"xception", "Xception on labelled faces, a baseline and an extractor of features",
           make_recipe<XceptionRecipe>},
      Kind{"cnn", "Plain convolutional network on labelled faces, the baseline", make_recipe<CnnRecipe>},
      Kind{"evaluate", "Scores of videos by trained networks", make_recipe<EvaluateRecipe>},
  };
  return kKinds;
}

}  // namespace realface::stages
