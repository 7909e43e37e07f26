#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/settings.h"
#include "checkpoints/saver.h"
#include "cluster/metrics/metrics.h"
#include "data/streams.h"
#include "distributed/world.h"
#include "stages/stage.h"

namespace realface::stages {

struct LoopConfig {
  int64_t log_every = 20;          // steps between log lines: the only steps that wait for the device
  int64_t stop_at = 0;             // above 0: checkpoint and end after this update, though the stage has more
  int64_t nonfinite_limit = 10;    // a run ends when so many updates in a row were skipped for gradients not finite
  int64_t eval_every = 0;          // updates between evaluations of what was learned until then; 0: none
  std::string eval_split = "val";  // whose videos are scored then
  int64_t eval_frames = 1;         // of each video, the middle ones of as many parts
};

/// Scores what was learned until now: values by name for the log, the same on all ranks. Collective.
using Evaluation = std::function<std::map<std::string, double>()>;

/// The keys in group `run`, and the one in group `train`; the caller has entered the group.
void run_fields(Visitor& visitor, LoopConfig& config);
void log_fields(Visitor& visitor, LoopConfig& config);

enum class Ending {
  finished,     // the stage did all of its steps and was finished
  stopped,      // at LoopConfig::stop_at, or where the run had already gone beyond it
  interrupted,  // by a signal: what can be continued is on disk; the program is to exit with ExitCode::requeue
};

/// The only loop in the program: step after step until the stage or its stream ends, with log lines, metrics,
/// checkpoints and signals. A signal sets a flag and nothing else; the ranks agree on it at the next step boundary,
/// write a checkpoint and return. Nothing is saved while updates are being skipped, but at the end. Collective; from
/// the main thread. Throws Error where gradients stay not finite. evaluation: called every run.eval_every updates; may
/// be empty.
Ending run(Stage& stage, data::Streams& data, checkpoints::Saver& saver, cluster::Metrics& metrics,
           distributed::World& world, const LoopConfig& config, const Evaluation& evaluation = {});

/// The same for a stage that trains nothing (evaluation, writing of reconstructions): no checkpoints, no metrics, and
/// log lines without a loss.
Ending run(Stage& stage, data::Streams& data, distributed::World& world, const LoopConfig& config);

}  // namespace realface::stages
