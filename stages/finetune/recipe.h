#pragma once

#include <string>
#include <vector>

#include "models/vit/config.h"
#include "stages/recipe.h"
#include "stages/training/train_config.h"

namespace realface::stages {

struct FinetuneConfig {
  FinetuneConfig();

  std::string mae;                  // weights.mae: the autoencoder whose encoder it begins with; empty: from scratch
  std::string pixels = "imagenet";  // as the autoencoder was trained
  models::VitConfig model;
  int64_t frames = 5;         // of a video, one of each of as many equal parts; their features are averaged (D1); of
                              // clips, model.frames consecutive ones from a random start (RC2)
  double drop_path = 0.1;     // largest rate at which a residual branch is left out
  double layer_decay = 0.65;  // each layer learns at this share of the rate of the next
  TrainConfig train;
  std::vector<std::string> methods;  // train.methods: manipulations whose fakes are trained on; empty: all
};

/// `stage: finetune`: the encoder of a masked autoencoder becomes the classifier "vit", on the stream "videos".
class FinetuneRecipe final : public Recipe {
 public:
  FinetuneRecipe() = default;
  explicit FinetuneRecipe(FinetuneConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<FinetuneRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  /// Reads the encoder, if `weights.mae` is given.
  void begin(models::Set& models, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  FinetuneConfig config_;
};

}  // namespace realface::stages
