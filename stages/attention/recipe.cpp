#include "stages/attention/recipe.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "models/lre/description.h"
#include "models/lre/lre.h"
#include "models/xception/description.h"
#include "stages/attention/differences.h"
#include "stages/training/frame_classifier.h"
#include "stages/training/frozen.h"
#include "stages/training/saved.h"
#include "stages/training/weights.h"

namespace realface::stages {
namespace {

constexpr const char* kLre = "lre";

}  // namespace

/// E9: 30 epochs of 200 updates of 16 real and 16 fake faces by Adam.
AttentionConfig::AttentionConfig() {
  train = constant_adam(6000, 1e-4);
  train.flip = false;
}

void AttentionRecipe::fields(Visitor& v) {
  group(v, "weights", [&] {
    v.weights("mae", config_.mae);
    v.weights("extractor", config_.extractor);
  });
  group(v, "model", [&] {
    models::fields(v, config_.model.xception);
    v.field("patch", config_.patch, within(1, 1024));
  });
  group(v, "lre", [&] {
    models::attention_fields(v, config_.model);
    v.field("start", config_.start, {"extractor", "seed"});
  });
  group(v, "mask", [&] { models::mask_fields(v, config_.model); });
  group(v, "train", [&] {
    stages::fields(v, config_.train);
    stages::fields(v, config_.fakes);
  });
}

void AttentionRecipe::check(Checker& checker) const {
  const auto& image = config_.model.xception.image;
  models::check(config_.model, checker);
  checker.divides("model.patch", config_.patch, "model.image", image);
  data::check_face_mask(mask_of(config_.model), image, config_.patch, /*of_clips=*/false, checker);
  stages::check(config_.train, checker);
  stages::check(config_.fakes, config_.train, checker);
  if (config_.mae.empty()) {
    checker.fault({"weights.mae"}, "weights.mae is not set; name the entry or run of an autoencoder of real faces");
  }
  if (config_.extractor.empty()) {
    checker.fault({"weights.extractor"},
                  "weights.extractor is not set; name the entry, run or file of a trained Xception: the features of an "
                  "untrained one say nothing (docs/decisions.md, E5)");
  }
  if (config_.train.dtype != "fp32") {
    checker.fault({"train.dtype"},
                  "train.dtype must be fp32: norms and depthwise layers of an Xception gain nothing by bf16");
  }
}

nlohmann::json AttentionRecipe::length() const { return stages::length(config_.train); }

models::Set AttentionRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& host) const {
  models::Set set;
  add_frozen(set, config_.mae, "mae", device, host);
  auto extractor = config_.model.xception;
  extractor.classes = 0;
  add_frozen(set, config_.extractor, "extractor", "xception", models::describe(extractor), device, host);
  auto network = std::make_shared<models::LreImpl>(config_.model, seed);
  network->to(device);
  set.add(kLre, {.module = network,
                 .source = fmt::format("initialised from seed {}", seed),
                 .description = models::describe(config_.model)});
  return set;
}

void AttentionRecipe::begin(models::Set& models, distributed::Communicator& /*host*/) const {
  if (config_.start != "extractor") { return; }
  const torch::NoGradGuard no_grad;
  const auto& extractor = models.entry("extractor");
  const auto own = models::named_tensors(*models.entry(kLre).module);
  for (const auto& [name, tensor] : models::named_tensors(*extractor.module)) { own.at(name).copy_(tensor); }
  models.note_source(kLre, "the extractor's, " + extractor.source);
  log::info("the detector begins with the weights of " + extractor.source);
}

std::vector<data::StreamNeeds> AttentionRecipe::needs(uint64_t seed, int /*world_size*/) const {
  const auto& image = config_.model.xception.image;
  auto streams = labelled_streams(config_.fakes, config_.train, {.image = image, .patch = config_.patch}, seed);
  for (auto& stream : streams) { stream.mask = mask_of(config_.model); }
  return streams;
}

std::unique_ptr<Stage> AttentionRecipe::make(const Walk& walk) const {
  auto& host = walk.world.host_group();
  if (walk.data_config.crops == "same") {
    require_same_crops(config_.mae, "mae", saved_crops(config_.mae, "mae", host), walk.data.crops(), host);
    require_same_crops(config_.extractor, "xception", saved_crops(config_.extractor, "xception", host),
                       walk.data.crops(), host);
  }
  const Differences differences(walk.models, config_.model, walk.world.device());
  if (differences.patch() != config_.patch) {
    throw ConfigError(fmt::format("[model.patch] is {}, and weights.mae restores patches of {}; give model.patch={}",
                                  config_.patch, differences.patch(), differences.patch()));
  }
  return std::make_unique<FrameClassifier<models::LreImpl>>(
      kLre, config_.train, walk, [differences](models::LreImpl& network, const data::Batch& batch) {
        const auto seen = differences.of(batch.images, batch.mask);
        return two_logits(network.forward(seen.faces, seen.maps));
      });
}

}  // namespace realface::stages
