#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/preprocess/config.h"
#include "data/preprocess/report.h"
#include "distributed/world.h"

namespace realface::data::preprocess {

/// How far all ranks are, as rank 0 sees it.
struct PreprocessProgress {
  std::string phase;  // "videos" or "shards"
  int64_t done = 0, total = 0;
};

/// Called on rank 0 only, from one thread at a time.
using PreprocessSink = std::function<void(const PreprocessProgress&)>;

struct PreprocessOutcome {
  bool was_finished = false;  // nothing was done: the output was there
  Report report;              // rank 0 only
  int64_t shards = 0;
  std::vector<importers::Unplaced> unplaced;  // files that belong to no video; rank 0 only
};

/// Turns a folder into shards and a manifest. Collective: ranks draw videos, then shards, and the bytes written are the
/// same at every number of ranks and threads. Stopped at any moment and started again with the same configuration, it
/// goes on; only videos in flight are done again.
///
/// Throws UsageError and DataError for what is asked and found, ConfigError for an output of another configuration,
/// Error for the disk's errors; on every rank where it throws on one.
PreprocessOutcome preprocess(const PreprocessConfig& config, distributed::World& world,
                             const PreprocessSink& sink = {});

}  // namespace realface::data::preprocess
