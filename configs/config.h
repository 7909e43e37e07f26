#pragma once

#include <string>

#include "checkpoints/saver.h"
#include "cluster/metrics/metrics.h"
#include "data/streams.h"
#include "distributed/world.h"
#include "stages/make.h"

namespace realface::configs {

struct RunConfig {
  std::string dir;  // the run folder: configuration, log, metrics, checkpoints; the same one resumes
};

/// Everything that one stage file says, resolved: defaults, preset, file, then overrides. Each component's part stands
/// in that component's header.
struct Config {
  stages::StageConfig stage;
  std::string model_size = "base";  // the preset that the model's numbers began with
  RunConfig run;
  distributed::WorldConfig world;
  data::DataConfig data;
  checkpoints::CheckpointConfig checkpoint;
  cluster::MetricsConfig metrics;
};

}  // namespace realface::configs
