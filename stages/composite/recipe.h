#pragma once

#include <string>

#include "data/faces/masks.h"
#include "models/mae/config.h"
#include "stages/recipe.h"

namespace realface::stages {

struct CompositeConfig {
  std::string mae;                  // weights.mae: the autoencoder that restores
  std::string pixels = "imagenet";  // as it was trained
  models::MaeConfig model;
  data::MaskConfig mask;         // as it was trained; drawn once for each face and facial part
  std::string split = "all";     // train | val | test | all: whose faces
  std::string mode = "inpaint";  // inpaint: hidden patches from predictions, the others copied (G10) | full: what the
                                 // network makes of a whole face, as DeepfakeMAE says
  std::string cover = "once";    // once: a part's mask is of the training's size | all: a second pass restores the rest
  int64_t block = 16;            // faces that are restored together, whatever the number of ranks
  int64_t shrink = 4;            // rows hold means of squares of so many pixels a side (D4)

  int64_t passes() const;  // masks a face, `cover` apart
};

/// `stage: composite`: the faces that a trained autoencoder restores, kept beside the dataset for the stages that learn
/// from them.
class CompositeRecipe final : public Recipe {
 public:
  CompositeRecipe() = default;
  explicit CompositeRecipe(CompositeConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<CompositeRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  CompositeConfig config_;
};

}  // namespace realface::stages
