#include "stages/evaluate/recipe.h"

#include "models/vit/description.h"
#include "stages/evaluate/stage.h"
#include "stages/training/weights.h"

namespace realface::stages {

void EvaluateRecipe::fields(Visitor& v) {
  group(v, "weights", [&] { v.weights("vit", config_.vit); });
  group(v, "model", [&] {
    models::fields(v, config_.model);
    v.field("pixels", config_.pixels, {"imagenet", "unit"});
  });
  group(v, "evaluate", [&] {
    v.field("split", config_.split, {"train", "val", "test", "all"});
    v.field("frames", config_.frames, within(1, 1024));
    v.field(may_change("batch"), config_.batch, within(1, kMaxCount));
  });
}

void EvaluateRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  if (config_.vit.empty()) {
    checker.fault({"weights.vit"}, "weights.vit is not set; name the entry, run or file of a fine-tuned classifier");
  }
}

nlohmann::json EvaluateRecipe::length() const { return {{"split", config_.split}, {"frames", config_.frames}}; }

models::Set EvaluateRecipe::build(uint64_t /*seed*/, torch::Device device, distributed::Communicator& host) const {
  auto vit = std::make_shared<models::VitImpl>(config_.model);
  vit->to(device);
  models::Set set;
  set.add("vit", {.module = vit, .frozen = true, .description = models::describe(config_.model, config_.pixels)});
  load_weights(config_.vit, set, "vit", host, {.saved = "vit"});
  return set;
}

std::vector<data::StreamNeeds> EvaluateRecipe::needs(uint64_t /*seed*/, int /*world_size*/) const { return {}; }

std::unique_ptr<Stage> EvaluateRecipe::make(const Walk& walk) const {
  return std::make_unique<Evaluate>(config_, walk);
}

}  // namespace realface::stages
