#pragma once

#include <string>

#include "models/mapping_net/mapping_net.h"
#include "stages/episodes/settings.h"
#include "stages/recipe.h"

namespace realface::stages {

struct MappingStageConfig : EpisodeSettings {
  models::MappingConfig model;
};

/// `stage: mapping`: the network "mapping" learns to turn a face into the restored face and to tell fakes by it, in
/// episodes over manipulations.
class MappingRecipe final : public Recipe {
 public:
  MappingRecipe() = default;
  explicit MappingRecipe(MappingStageConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<MappingRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  /// Reads the trunk, if `weights.trunk` is given, and refuses targets of another autoencoder.
  void begin(models::Set& models, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  MappingStageConfig config_;
};

}  // namespace realface::stages
