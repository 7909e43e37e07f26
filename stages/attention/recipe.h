#pragma once

#include <string>

#include "models/lre/config.h"
#include "stages/recipe.h"
#include "stages/training/labelled.h"
#include "stages/training/train_config.h"

namespace realface::stages {

struct AttentionConfig {
  AttentionConfig();

  std::string mae;        // weights.mae: the run of the autoencoder of real faces that restores
  std::string extractor;  // weights.extractor: the run or file of the Xception whose features are compared (E5)
  models::LreConfig model;
  int64_t patch = 16;               // model.patch: of the autoencoder
  std::string start = "extractor";  // lre.start: the detector begins as the extractor (E5), or from a seed
  TrainConfig train;
  FakesConfig fakes;
};

/// `stage: lre`: the detector "lre" learns from faces and from where they differ from what the frozen autoencoder "mae"
/// makes of them, as the frozen "extractor" sees it.
class AttentionRecipe final : public Recipe {
 public:
  AttentionRecipe() = default;
  explicit AttentionRecipe(AttentionConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<AttentionRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  void begin(models::Set& models, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  AttentionConfig config_;
};

}  // namespace realface::stages
