#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/streams.h"
#include "distributed/world.h"
#include "models/set.h"
#include "stages/pretrain/pretrain.h"
#include "stages/stage.h"

namespace realface::stages {

/// What a stage file says about its stage: the name, and the settings of the stage of that name.
struct StageConfig {
  std::string name = "pretrain";  // one of stage_names()
  PretrainConfig pretrain;
};

/// The stages that this program knows.
std::vector<std::string> stage_names();

/// The networks of a stage, freshly initialised from its seed, on the device. `init` is not read: read_init.
models::Set build_models(const StageConfig& config, torch::Device device);

/// Reads the weights of the stage's `init` file, where one is named, into its network, and notes file and digest as the
/// network's source. For a run without a checkpoint: a resumed one needs the file no more. Collective; host group.
void read_init(const StageConfig& config, models::Set& set, distributed::Communicator& host);

/// The streams that a stage reads.
std::vector<data::StreamNeeds> needs(const StageConfig& config);

/// The stage itself. Holds set and world, which outlive it. steps_per_epoch: of its first stream; may be 0 where the
/// number of steps is given. Collective.
std::unique_ptr<Stage> make(const StageConfig& config, models::Set& set, distributed::World& world,
                            int64_t steps_per_epoch);

}  // namespace realface::stages
