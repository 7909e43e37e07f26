#include "tests/stages/toy/recipe.h"

#include "models/layers/init.h"
#include "models/layers/linear.h"
#include "stages/training/weights.h"
#include "tests/stages/toy/stage.h"

namespace realface::stages {
namespace {

models::Entry trained_map(const ToyConfig& config, uint64_t seed, const std::string& name, torch::Device device) {
  auto map = std::make_shared<models::Linear>(config.model.width, config.width);
  const torch::NoGradGuard no_grad;
  for (auto& item : map->named_parameters()) { models::init_normal(item.value(), 0.1, seed, name + item.key()); }
  map->to(device);
  models::Entry entry;
  entry.module = map;
  entry.source = "drawn";
  entry.again = [config] { return std::make_shared<models::Linear>(config.model.width, config.width); };
  return entry;
}

}  // namespace

void ToyRecipe::fields(Visitor& v) {
  group(v, "weights", [&] { v.weights("teacher", config_.teacher); });
  group(v, "model", [&] { models::fields(v, config_.model); });
  group(v, "toy", [&] {
    v.field("width", config_.width, within(1, 64));
    v.field("words", config_.words);
    v.table("pairs", config_.pairs);
  });
  group(v, "train", [&] { stages::fields(v, config_.train); });
}

void ToyRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  stages::check(config_.train, checker);
  if (config_.words.empty()) { checker.fault({"toy.words"}, "toy.words is empty; name at least one word"); }
}

nlohmann::json ToyRecipe::length() const { return stages::length(config_.train); }

models::Set ToyRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& host) const {
  auto mae = std::make_shared<models::MaeImpl>(config_.model, seed);
  mae->to(device);
  models::Set set;
  set.add("teacher", {.module = mae, .frozen = true});
  if (!config_.teacher.empty()) { load_weights(config_.teacher, set, "teacher", host); }
  set.add("left", trained_map(config_, seed, "left", device));
  set.add("right", trained_map(config_, seed, "right", device));
  return set;
}

std::vector<data::StreamNeeds> ToyRecipe::needs(uint64_t seed, int /*world_size*/) const {
  data::StreamNeeds frames;
  frames.name = "frames";
  frames.batch = config_.train.batch;
  frames.accumulate = config_.train.accumulate;
  frames.seed = seed;
  frames.image = config_.model.image;
  frames.patch = config_.model.patch;
  frames.mask.kind = "none";
  data::StreamNeeds videos = frames;
  videos.name = "videos";
  videos.unit = "video";
  videos.seed = seed + 1;
  return {frames, videos};
}

std::unique_ptr<Stage> ToyRecipe::make(const Walk& walk) const { return std::make_unique<Toy>(config_, walk); }

}  // namespace realface::stages
