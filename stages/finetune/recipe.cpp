#include "stages/finetune/recipe.h"

#include <fmt/format.h>

#include "base/log.h"
#include "models/vit/classifier.h"
#include "models/vit/description.h"
#include "stages/finetune/stage.h"
#include "stages/training/saved.h"
#include "stages/training/shown.h"
#include "stages/training/weights.h"

namespace realface::stages {

/// D1, G15 and G16: 10 epochs, 1 of them warm-up, AdamW 1e-3 for 256 videos.
FinetuneConfig::FinetuneConfig() {
  train.epochs = 10;
  train.batch = 8;  // D16
  train.optimizer.beta2 = 0.999;
  train.schedule.lr = 1e-3;
  train.schedule.warmup = 0.1;
}

void FinetuneRecipe::fields(Visitor& v) {
  group(v, "weights", [&] { v.weights("mae", config_.mae); });
  group(v, "model", [&] {
    models::fields(v, config_.model);
    v.field("pixels", config_.pixels, {"imagenet", "unit"});
  });
  group(v, "finetune", [&] {
    if (!config_.model.of_clips()) { v.field("frames", config_.frames, within(1, 1024)); }
    v.field("drop_path", config_.drop_path, within(0, 0.9));
    v.field("layer_decay", config_.layer_decay, above_up_to(0, 1));
  });
  group(v, "train", [&] {
    stages::fields(v, config_.train);
    v.methods("methods", config_.methods);
  });
}

void FinetuneRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  stages::check(config_.train, checker);
}

nlohmann::json FinetuneRecipe::length() const { return stages::length(config_.train); }

models::Set FinetuneRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& /*host*/) const {
  auto vit = models::make_classifier(config_.model, seed);
  vit->to(device);
  models::Entry entry;
  entry.module = vit;
  entry.source = fmt::format("initialised from seed {}", seed);
  entry.description = models::describe(config_.model, config_.pixels);
  entry.again = [model = config_.model] { return models::make_classifier(model); };
  models::Set set;
  set.add("vit", std::move(entry));
  return set;
}

void FinetuneRecipe::begin(models::Set& models, distributed::Communicator& host) const {
  if (config_.mae.empty()) { return; }
  const auto loaded = load_weights(config_.mae, models, "vit", host, {.saved = "mae", .encoder = true});
  log::info("the classifier begins with the encoder of " + loaded.source);
}

std::vector<data::StreamNeeds> FinetuneRecipe::needs(uint64_t seed, int /*world_size*/) const {
  data::StreamNeeds videos;
  videos.name = Finetune::kStream;
  videos.label = "any";
  videos.unit = "segments";
  videos.frames = config_.frames;
  videos.methods = config_.methods;
  videos.balance = "label";  // G20
  videos.augment = augmentation(config_.train);
  videos.batch = config_.train.batch;
  videos.accumulate = config_.train.accumulate;
  videos.seed = seed;
  show(config_.model.cut(), config_.model.of_clips(), videos);
  videos.mask.kind = "none";
  return {videos};
}

std::unique_ptr<Stage> FinetuneRecipe::make(const Walk& walk) const {
  if (!config_.mae.empty() && walk.data_config.crops == "same") {
    auto& host = walk.world.host_group();
    require_same_crops(config_.mae, "mae", saved_crops(config_.mae, "mae", host), walk.data.crops(), host);
  }
  return std::make_unique<Finetune>(config_, walk);
}

}  // namespace realface::stages
