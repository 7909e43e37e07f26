#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/mae/mae.h"
#include "stages/recipe.h"
#include "stages/training/train_config.h"

namespace realface::stages {

struct ToyConfig {
  std::string teacher;                         // weights of a masked autoencoder that is not trained here
  models::MaeConfig model;                     // its sizes
  int64_t width = 4;                           // of the two linear maps that are trained
  std::vector<std::string> words{"a", "b"};    // a list and a table: what a stage's keys can be besides numbers
  std::map<std::string, std::string> pairs{};  // and words
  TrainConfig train;
};

/// `stage: toy`: what a stage can have, as small as can be. Two streams, a frozen and two trained networks, keys and
/// named values of its own, and an evaluation.
class ToyRecipe final : public Recipe {
 public:
  std::unique_ptr<Recipe> clone() const override { return std::make_unique<ToyRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

 private:
  ToyConfig config_;
};

}  // namespace realface::stages
