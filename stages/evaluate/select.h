#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "data/streams.h"
#include "distributed/world.h"
#include "models/set.h"
#include "stages/evaluate/branches.h"
#include "stages/scores/samples.h"

namespace realface::stages {

/// Videos by which checkpoints are chosen.
struct SelectionVideos {
  std::string name;
  const SampleTable& table;
  std::function<std::unique_ptr<data::Streams>()> open;  // a stream of that name, once through; collective
};

/// Loads into the branch's network, of its name in the set, the checkpoint of the run folder that tells these videos
/// apart best, by AUC, the later one of equals (V6). Returns {"checkpoint": "step-400", "auc": 0.83,
/// "candidates": 4}. Collective. Throws ConfigError if `weights` is no run folder or the videos have one class alone,
/// and Error if a checkpoint cannot be read or a signal came in between.
nlohmann::json select_checkpoint(const Branch& branch, const std::string& weights, models::Set& set,
                                 const SelectionVideos& videos, distributed::World& world);

}  // namespace realface::stages
