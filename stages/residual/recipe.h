#pragma once

#include <string>

#include "models/rffr/config.h"
#include "stages/recipe.h"
#include "stages/training/labelled.h"
#include "stages/training/train_config.h"

namespace realface::stages {

struct ResidualConfig {
  ResidualConfig();

  std::string mae;  // weights.mae: the autoencoder that restores, which saw pixels in [0, 1] (F3)
  std::string vit;  // weights.vit: what each branch begins with (F7): the file of a vision transformer, or the run
                    // of an autoencoder, for its encoder; empty: from scratch
  models::RffrConfig model;
  double share = 0.25;  // rffr.share: of the blocks, with which each is drawn in an update (F4)
  TrainConfig train;
  FakesConfig fakes;
};

/// `stage: rffr`: the detector "rffr" learns from faces and from their residuals, which the frozen autoencoder "mae"
/// leaves.
class ResidualRecipe final : public Recipe {
 public:
  ResidualRecipe() = default;
  explicit ResidualRecipe(ResidualConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<ResidualRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  /// Reads `weights.vit`, if it is given, into every branch.
  void begin(models::Set& models, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  ResidualConfig config_;
};

}  // namespace realface::stages
