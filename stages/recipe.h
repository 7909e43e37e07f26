#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/settings.h"
#include "data/streams.h"
#include "distributed/world.h"
#include "models/set.h"
#include "stages/stage.h"

namespace realface::stages {

/// What a stage is made from. The references outlive the stage.
struct Walk {
  distributed::World& world;
  models::Set& models;
  data::Streams& data;
  const data::DataConfig& data_config;  // for a stage that opens streams of its own, to evaluate
  std::filesystem::path run_dir;
  uint64_t seed = 0;
};

/// What a stage file says of its stage, and how the stage is made from it. Used from the main thread.
class Recipe {
 public:
  virtual ~Recipe() = default;
  virtual std::unique_ptr<Recipe> clone() const = 0;

  /// Describes the stage's own keys: model.*, mask.*, train.* and so on. `seed`, `run`, `data`, `checkpoint`, `metrics`
  /// and `world` are those of every stage and not described here.
  virtual void fields(Visitor& visitor) = 0;
  /// Notes combinations of values that cannot run.
  virtual void check(Checker& /*checker*/) const {}
  /// What has to be done for a run to be finished, for example {"steps": 1000, "epochs": 300}.
  virtual nlohmann::json length() const = 0;

  /// The networks, on the device; frozen ones with their weights. Collective over the host group.
  virtual models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const = 0;
  /// Gives a run without a checkpoint the weights that it begins with. A resumed run does not call it. Collective.
  virtual void begin(models::Set& /*models*/, distributed::Communicator& /*host*/) const {}
  /// The streams that the stage reads.
  virtual std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const = 0;
  /// The stage itself. Collective.
  virtual std::unique_ptr<Stage> make(const Walk& walk) const = 0;
};

/// A recipe as a value: copies are clones. Empty until assigned.
class OwnedRecipe {
 public:
  OwnedRecipe() = default;
  explicit OwnedRecipe(std::unique_ptr<Recipe> recipe) : recipe_(std::move(recipe)) {}
  OwnedRecipe(const OwnedRecipe& other) : recipe_(other.recipe_ == nullptr ? nullptr : other.recipe_->clone()) {}
  OwnedRecipe(OwnedRecipe&&) noexcept = default;
  OwnedRecipe& operator=(OwnedRecipe other) noexcept {
    recipe_.swap(other.recipe_);
    return *this;
  }
  ~OwnedRecipe() = default;

  Recipe* operator->() { return recipe_.get(); }
  const Recipe* operator->() const { return recipe_.get(); }
  const Recipe& operator*() const { return *recipe_; }

 private:
  std::unique_ptr<Recipe> recipe_;
};

/// A kind of stage that a stage file can name as `stage: NAME`.
struct Kind {
  const char* name;
  const char* help;  // one line
  std::unique_ptr<Recipe> (*recipe)();
};

template <class R>
std::unique_ptr<Recipe> make_recipe() {
  return std::make_unique<R>();
}

/// Every kind of stage that this program knows, the default first. Defined in stages/kinds/kinds.cpp, which a program
/// links last: an explicit list, since static libraries drop objects that register themselves.
std::span<const Kind> kinds();

}  // namespace realface::stages
