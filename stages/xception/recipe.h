#pragma once

#include <string>

#include "models/xception/config.h"
#include "stages/recipe.h"
#include "stages/training/labelled.h"
#include "stages/training/train_config.h"

namespace realface::stages {

struct XceptionStageConfig {
  XceptionStageConfig();

  std::string begin_with;  // weights.xception: a run or a file that it begins with, its last layer apart; empty: none
  models::XceptionConfig model;
  TrainConfig train;
  FakesConfig fakes;
};

/// `stage: xception`: Xception "xception" on single faces, the baseline of Local Reconstruction Errors and, where there
/// are no weights of ImageNet, its extractor (E5).
class XceptionRecipe final : public Recipe {
 public:
  XceptionRecipe() = default;
  explicit XceptionRecipe(XceptionStageConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<XceptionRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  void begin(models::Set& models, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  XceptionStageConfig config_;
};

}  // namespace realface::stages
