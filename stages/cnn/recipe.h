#pragma once

#include "models/cnn/cnn.h"
#include "stages/recipe.h"
#include "stages/training/labelled.h"
#include "stages/training/train_config.h"

namespace realface::stages {

struct CnnStageConfig {
  CnnStageConfig();

  models::CnnConfig model;
  TrainConfig train;
  FakesConfig fakes;
};

/// `stage: cnn`: the plain convolutional network "cnn" on single faces, the baseline that a detector has to beat.
class CnnRecipe final : public Recipe {
 public:
  CnnRecipe() = default;
  explicit CnnRecipe(CnnStageConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<CnnRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  CnnStageConfig config_;
};

}  // namespace realface::stages
