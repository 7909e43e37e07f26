#pragma once

#include <cstdint>
#include <string>

#include "checkpoints/saver.h"
#include "cluster/metrics/metrics.h"
#include "data/streams.h"
#include "distributed/world.h"
#include "stages/recipe.h"
#include "stages/run.h"

namespace realface::configs {

struct RunConfig {
  std::string dir;  // the run folder: configuration, log, metrics, checkpoints; the same one resumes
};

/// Everything that one stage file says, resolved: defaults, preset, file, then overrides. What is particular to the
/// kind of stage is its recipe; each other part is described in its component's header. A copy is a deep one.
struct Config {
  std::string stage;  // the name of a kind, stages::kinds()
  std::string name;   // of the entry in its system; else the kind's name. Not a key
  uint64_t seed = 0;
  stages::LoopConfig loop;
  stages::OwnedRecipe recipe;
  RunConfig run;
  distributed::WorldConfig world;
  data::DataConfig data;
  checkpoints::CheckpointConfig checkpoint;
  cluster::MetricsConfig metrics;
};

/// The defaults of a kind of stage.
Config defaults(const stages::Kind& kind);

}  // namespace realface::configs
