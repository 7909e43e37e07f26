#pragma once

#include <string>

#include "models/localizer/config.h"
#include "stages/episodes/settings.h"
#include "stages/recipe.h"

namespace realface::stages {

struct LocalizationConfig : EpisodeSettings {
  std::string encoder;   // weights.encoder: a file of the encoder's weights to begin with, timm's names; empty: none
  double dropout = 0.5;  // of the classifier's hidden units (L3)
  models::LocalizerConfig model;
};

/// `stage: localization`: the network "localizer" learns to turn a face into the restored face, to say where somebody
/// tampered with it, and to tell fakes by both, in episodes over manipulations.
class LocalizationRecipe final : public Recipe {
 public:
  LocalizationRecipe() = default;
  explicit LocalizationRecipe(LocalizationConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<LocalizationRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  /// Reads trunk and encoder, if their weights are given, and refuses targets of another autoencoder.
  void begin(models::Set& models, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  LocalizationConfig config_;
};

}  // namespace realface::stages
