#pragma once

#include <string>

#include "data/faces/masks.h"
#include "models/mae/config.h"
#include "stages/recipe.h"
#include "stages/training/train_config.h"

namespace realface::stages {

struct PretrainConfig {
  std::string pixels = "imagenet";  // imagenet: (x/255 - mean) / deviation; unit: x/255, for RFFR (F3)
  std::string init;                 // a run, checkpoint or file of weights to begin with (G17); empty: none
  bool packed = false;              // of visible patches whose number varies, the encoder computes no padding (G7)
  models::MaeConfig model;
  data::MaskConfig mask;
  TrainConfig train;
};

/// `stage: pretrain`: the masked autoencoder "mae", of pictures or of clips, on the stream "faces".
class PretrainRecipe final : public Recipe {
 public:
  PretrainRecipe() = default;
  explicit PretrainRecipe(PretrainConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<PretrainRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  /// Reads `init`, if it is given, and notes path and digest as the network's source.
  void begin(models::Set& models, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

  const PretrainConfig& config() const { return config_; }

 private:
  PretrainConfig config_;
};

}  // namespace realface::stages
