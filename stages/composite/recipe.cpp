#include "stages/composite/recipe.h"

#include <fmt/format.h>

#include "models/mae/description.h"
#include "stages/composite/stage.h"
#include "stages/training/frozen.h"
#include "stages/training/saved.h"
#include "stages/training/shown.h"

namespace realface::stages {

int64_t CompositeConfig::passes() const {
  if (mode == "full") { return 1; }
  return mask.only == "all" ? 3 : 1;  // RC7: the ablations of one part restore that part
}

void CompositeRecipe::fields(Visitor& v) {
  group(v, "weights", [&] { v.weights("mae", config_.mae); });
  group(v, "model", [&] {
    models::fields(v, config_.model);
    v.field("pixels", config_.pixels, {"imagenet", "unit"});
  });
  group(v, "mask", [&] { data::fields(v, config_.mask); });
  group(v, "composite", [&] {
    v.field("split", config_.split, {"train", "val", "test", "all"});
    v.field("mode", config_.mode, {"inpaint", "full"});
    v.field("cover", config_.cover, {"once", "all"});
    v.field("block", config_.block, within(1, 65536));
    v.field("shrink", config_.shrink, within(1, 64));
  });
}

void CompositeRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  const auto& model = config_.model;
  data::check_face_mask(config_.mask, model.image, model.patch, model.of_clips(), checker);
  checker.divides("composite.shrink", config_.shrink, "model.image", config_.model.image);
  if (config_.mae.empty()) {
    checker.fault({"weights.mae"}, "weights.mae is not set; name the entry, run or file of a trained autoencoder");
  }
  if (config_.model.norm_pix) {
    checker.fault({"model.norm_pix"},
                  "model.norm_pix: what such a network predicts cannot be turned into pixels (docs/decisions.md, G9); "
                  "pretrain with model.norm_pix=false");
  }
}

nlohmann::json CompositeRecipe::length() const {
  return {{"split", config_.split}, {"mode", config_.mode}, {"cover", config_.cover}};
}

models::Set CompositeRecipe::build(uint64_t /*seed*/, torch::Device device, distributed::Communicator& host) const {
  models::Set set;
  add_frozen(set, config_.mae, "mae", "mae", models::describe(config_.model, config_.pixels), device, host);
  return set;
}

std::vector<data::StreamNeeds> CompositeRecipe::needs(uint64_t seed, int world_size) const {
  data::StreamNeeds faces;
  faces.name = Composite::kStream;
  faces.split = config_.split;
  faces.label = "any";
  faces.endless = false;
  faces.group = config_.block;
  faces.batch = config_.block * world_size;
  faces.seed = seed;
  show(config_.model.cut(), config_.model.of_clips(), faces);
  if (config_.model.of_clips()) { faces.views = 0; }  // as many as cover a video
  faces.mask = config_.mask;
  faces.passes = config_.passes();
  faces.cover = config_.cover == "all";
  return {faces};
}

std::unique_ptr<Stage> CompositeRecipe::make(const Walk& walk) const {
  if (walk.data_config.crops == "same") {
    auto& host = walk.world.host_group();
    require_same_crops(config_.mae, "mae", saved_crops(config_.mae, "mae", host), walk.data.crops(), host);
  }
  return std::make_unique<Composite>(config_, walk);
}

}  // namespace realface::stages
