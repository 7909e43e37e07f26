#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/settings.h"
#include "base/state.h"
#include "distributed/world.h"

namespace realface::checkpoints {

struct CheckpointConfig {
  int64_t every = 500;  // steps between checkpoints; 0: only at the end
  int keep = 3;         // newest verified ones that are kept; at least 2
};

void fields(Visitor& visitor, CheckpointConfig& config);

/// What made a result: stored in each checkpoint and each report.
struct Provenance {
  nlohmann::json config;  // the resolved configuration
  std::string dataset_digest;
  std::string code_version;
  uint64_t seed = 0;
  nlohmann::json crops = {};  // how the faces of the dataset were cut out, as far as it is known
  // Not stored: how the configuration of a checkpoint is compared with this one.
  std::set<std::string> changeable;  // dotted keys that a resumed run may change
  nlohmann::json defaults;           // what a key that is newer than the checkpoint stands for
};

/// Writes and reads RUN/checkpoints/step-N/ (docs/checkpoints.md). A checkpoint exists only once it is renamed, and is
/// loaded only once its checksums hold. Holds pointers to the parts, which must outlive it. All calls are collective,
/// from the main thread, with the same arguments on every rank.
///
/// `save` copies the state and returns; a thread of each rank writes it while training goes on. `due`, called once a
/// step, carries the commit forward, so a failed write is told to every rank at the next step: as CheckpointError, or,
/// where only room was lacking, as a warning (the run goes on and the next due step tries again).
class Saver {
 public:
  /// Throws ConfigError for a configuration that cannot be kept.
  Saver(const CheckpointConfig& config, const std::string& run_dir, distributed::World& world, Provenance provenance,
        std::vector<Part*> parts);
  /// The same over a host group alone.
  Saver(const CheckpointConfig& config, const std::string& run_dir, distributed::Communicator& host_group,
        Provenance provenance, std::vector<Part*> parts);
  /// Waits for the write in flight, unless an exception unwinds; a failure is only logged here, so call `wait` first.
  ~Saver();

  /// Restores the newest checkpoint that verifies, logging why newer ones were passed by; nullopt where there is none.
  /// Throws CheckpointError for one of another architecture, dataset or configuration, naming what differs, and where
  /// there are checkpoints but none that verifies.
  std::optional<int64_t> resume_latest();

  bool due(int64_t step);
  /// Nothing where this step is saved or on its way; waits where another step still is.
  void save(int64_t step);
  /// Returns once the last `save` is committed. Throws CheckpointError where it could not be, for want of room too:
  /// call it before leaving on purpose (end of the run, a signal).
  void wait();
  /// The last step known to be on disk; -1: none.
  int64_t last_saved() const;

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::checkpoints
