#include "stages/pretrain/recipe.h"

#include <fmt/format.h>

#include "base/log.h"
#include "models/mae/description.h"
#include "models/mae/masked_autoencoder.h"
#include "stages/pretrain/stage.h"
#include "stages/training/shown.h"
#include "stages/training/weights.h"

namespace realface::stages {

void PretrainRecipe::fields(Visitor& v) {
  v.field("init", config_.init, {});
  group(v, "model", [&] {
    models::fields(v, config_.model);
    v.field("pixels", config_.pixels, {"imagenet", "unit"});
    v.field("packed", config_.packed);
  });
  group(v, "mask", [&] { data::fields(v, config_.mask); });
  group(v, "train", [&] { stages::fields(v, config_.train); });
}

void PretrainRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  const auto& model = config_.model;
  // Without a mask it is the plain autoencoder of RFFR's Table 8 (F13).
  if (config_.mask.kind != "none") {
    data::check_face_mask(config_.mask, model.image, model.patch, model.of_clips(), checker);
  }
  stages::check(config_.train, checker);
  if (config_.pixels == "unit" && config_.model.norm_pix) {
    checker.fault(
        {"model.norm_pix", "model.pixels"},
        "model.norm_pix normalises each patch, model.pixels 'unit' keeps raw values (docs/decisions.md, F3); choose one");
  }
}

nlohmann::json PretrainRecipe::length() const { return stages::length(config_.train); }

models::Set PretrainRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& /*host*/) const {
  auto mae = models::make_autoencoder(config_.model, seed);
  mae->to(device);
  models::Entry entry;
  entry.module = mae;
  entry.source = fmt::format("initialised from seed {}", seed);
  entry.description = models::describe(config_.model, config_.pixels);
  entry.again = [model = config_.model] { return models::make_autoencoder(model); };
  models::Set set;
  set.add("mae", std::move(entry));
  return set;
}

void PretrainRecipe::begin(models::Set& models, distributed::Communicator& host) const {
  if (config_.init.empty()) { return; }
  const auto loaded = load_weights(config_.init, models, "mae", host);
  log::info("the network begins with the weights of " + loaded.source);
}

std::vector<data::StreamNeeds> PretrainRecipe::needs(uint64_t seed, int /*world_size*/) const {
  data::StreamNeeds faces;
  faces.name = Pretrain::kStream;
  faces.augment = augmentation(config_.train);
  faces.batch = config_.train.batch;
  faces.accumulate = config_.train.accumulate;
  faces.seed = seed;
  show(config_.model.cut(), config_.model.of_clips(), faces);
  faces.mask = config_.mask;
  return {faces};
}

std::unique_ptr<Stage> PretrainRecipe::make(const Walk& walk) const {
  return std::make_unique<Pretrain>(config_, walk.models, walk.world, walk.data.steps_per_epoch());
}

}  // namespace realface::stages
