#include "configs/fields.h"

namespace realface::configs {
namespace {

Choices kind_names() {
  Choices names;
  for (const auto& kind : stages::kinds()) { names.emplace_back(kind.name); }
  return names;
}

}  // namespace

Config defaults(const stages::Kind& kind) {
  Config config;
  config.stage = config.name = kind.name;
  config.recipe = stages::OwnedRecipe(kind.recipe());
  return config;
}

void fields(Visitor& v, Config& c) {
  v.field("stage", c.stage, kind_names());
  v.field("seed", c.seed);
  group(v, "run", [&] {
    v.field(may_change("dir"), c.run.dir, {});
    stages::run_fields(v, c.loop);
  });
  group(v, "data", [&] { data::fields(v, c.data); });
  c.recipe->fields(v);
  group(v, "train", [&] { stages::log_fields(v, c.loop); });
  group(v, "checkpoint", [&] { checkpoints::fields(v, c.checkpoint); });
  group(v, "metrics", [&] { cluster::fields(v, c.metrics); });
  group(v, "world", [&] { distributed::fields(v, c.world); });
}

}  // namespace realface::configs
