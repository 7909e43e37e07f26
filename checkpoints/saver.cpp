#include "checkpoints/saver.h"

#include <chrono>
#include <exception>
#include <set>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/exception_text.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "checkpoints/failpoint.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/layout.h"
#include "checkpoints/measures.h"
#include "checkpoints/resume.h"
#include "checkpoints/saving/commit.h"
#include "checkpoints/saving/output_file.h"
#include "checkpoints/saving/rank_file.h"
#include "checkpoints/saving/snapshot.h"
#include "checkpoints/saving/writer.h"
#include "distributed/agreement.h"

namespace realface::checkpoints {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// What the next save may need beyond what this one does, and what other files take meanwhile.
constexpr double kRoomFactor = 1.2;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string text_of(const std::exception_ptr& error, bool* no_room) {
  try {
    std::rethrow_exception(error);
  } catch (const WriteError& write) {
    *no_room = write.no_room();
    return write.what();
  } catch (const std::exception& other) { return exception_text(other); }
}

}  // namespace

/// A save goes idle -> writing (every rank's thread writes its file) -> committing (rank 0's thread commits) -> idle.
/// The threads never talk to other ranks: `advance`, on the main thread, asks all ranks how far they are and takes the
/// next step on all of them, so collectives keep one order and a failure is everybody's.
struct Saver::Members {
  enum class Stage { idle, writing, committing };

  CheckpointConfig config;
  Folder folder;
  distributed::Communicator& host;
  Provenance provenance;
  std::vector<Part*> parts;
  int exceptions_at_start = std::uncaught_exceptions();

  Stage stage = Stage::idle;
  int64_t step = -1;  // in flight
  int64_t last_saved = -1;
  std::string failure;  // of the last save that was asked for
  Clock::time_point started;
  std::set<int64_t> verified;  // rank 0
  Manifest manifest;           // rank 0, in flight
  Snapshot snapshot;
  RankReport report;
  std::exception_ptr error;
  Writer writer;  // last: its thread uses the others

  Members(CheckpointConfig settings, const std::string& run_dir, distributed::Communicator& group, Provenance made_by,
          std::vector<Part*> state)
      : config(settings), folder(run_dir), host(group), provenance(std::move(made_by)), parts(std::move(state)) {}

  bool first() const { return host.rank() == 0; }

  void save(int64_t wanted) {
    if (wanted == last_saved || (stage != Stage::idle && wanted == step)) { return; }
    settle();
    failure.clear();
    step = wanted;
    const auto slices = plan();
    if (!has_room(slices)) { return; }
    distributed::agree(host, "checkpoints", [&] { snapshot.take(slices); });
    started = Clock::now();
    stage = Stage::writing;
    writer.start([this] { write_mine(); });
  }

  /// What this rank writes, and on rank 0 the manifest's beginning. Collective.
  std::vector<OwnedSlice> plan() {
    std::vector<OwnedSlice> slices;
    distributed::agree(host, "checkpoints", [&] {
      folder.check_unmoved();
      slices = slices_to_write(all_slices(parts), host.rank(), host.size());
      manifest = Manifest{step, host.size(), now_seconds(), provenance, {}, {}, {}};
      for (const Part* part : parts) { manifest.values[part->part_name()] = part->values(); }
      std::error_code ignored;  // what cannot be removed cannot be written to either: the writer says so
      if (first()) { fs::remove_all(folder.temporary(step), ignored); }
    });
    return slices;
  }

  /// False where the disk is too full, also after removing what the configuration need not keep. Collective.
  bool has_room(const std::vector<OwnedSlice>& slices) {
    int64_t bytes = 0;
    for (const auto& owned : slices) { bytes += static_cast<int64_t>(owned.bytes()); }
    auto total = at::full({1}, bytes, torch::kLong);
    host.all_reduce(total)->wait();
    const double needed = kRoomFactor * static_cast<double>(total.item<int64_t>());
    std::string lack;
    if (first()) { lack = room_lacking(needed); }
    lack = distributed::broadcast_string(host, lack);
    if (lack.empty()) { return true; }
    give_up(lack);
    return false;
  }

  /// Rank 0 alone. "" where there is room.
  std::string room_lacking(double needed) {
    auto room = folder.free_bytes();
    try {
      if (room && static_cast<double>(*room) < needed) { prune(folder, config.keep, verified); }
      room = folder.free_bytes();
    } catch (const std::exception& problem) { log::warn(problem.what()); }
    if (!room) { return ""; }
    telemetry::gauge("checkpoint_free_bytes").set(static_cast<double>(*room));
    if (static_cast<double>(*room) >= needed) { return ""; }
    return subject_of(folder.root()) + " has " + std::to_string(*room >> 20) + " MiB free; step " +
           std::to_string(step) + " wants " + std::to_string(static_cast<int64_t>(needed) >> 20) +
           " MiB and was not saved; free some space, or training goes on unsaved";
  }

  /// The run goes on without this checkpoint.
  void give_up(const std::string& why) {
    failure = why;
    count_result("no_room");
    if (first()) { log::warn(why + "; the next due step tries again"); }
  }

  /// On the writer thread of every rank.
  void write_mine() {
    make_step_folder(folder.temporary(step));
    failpoint("checkpoint.folder");
    report = write_rank_file(folder.temporary(step), host.rank(), snapshot.pieces());
  }

  /// Takes the save in flight as far as it goes without waiting. Collective.
  void advance() {
    if (stage == Stage::idle) { return; }
    const bool busy = writer.busy();
    if (!busy && error == nullptr) {
      error = writer.take_error();  // kept until the slowest rank is done too
    }
    auto state = at::zeros({2}, torch::kLong);
    auto* counts = state.data_ptr<int64_t>();
    counts[0] = busy ? 1 : 0;
    counts[1] = !busy && error != nullptr ? 1 : 0;
    host.all_reduce(state)->wait();
    if (counts[0] > 0) { return; }
    if (counts[1] > 0) {
      failed();
    } else if (stage == Stage::writing) {
      start_commit();
    } else {
      committed();
    }
  }

  void start_commit() {
    stage = Stage::committing;
    const auto reports = distributed::gather_strings(host, to_json(report).dump());
    if (!first()) { return; }
    writer.start([this, reports] {
      assemble(manifest, reports);
      commit(folder, manifest, verified);
      try {
        prune(folder, config.keep, verified);
      } catch (const std::exception& problem) {
        log::warn(problem.what());  // the checkpoint is safe; the next save tries again
      }
    });
  }

  void committed() {
    stage = Stage::idle;
    last_saved = step;
    const double seconds = seconds_since(started);
    count_result("saved");
    observe_seconds("write", seconds);
    telemetry::gauge("checkpoint_last_success_timestamp_seconds").set(now_seconds());
    if (!first()) { return; }
    telemetry::gauge("checkpoint_bytes").set(static_cast<double>(manifest.bytes()));
    if (const auto room = folder.free_bytes()) {
      telemetry::gauge("checkpoint_free_bytes").set(static_cast<double>(*room));
    }
    log::info("saved step " + std::to_string(step) + " (" + std::to_string(manifest.bytes() >> 10) + " KiB in " +
              std::to_string(static_cast<int64_t>(seconds * 1000)) + " ms)");
  }

  /// Some rank's write failed: all learn what, and the run ends unless only room was lacking. Collective.
  void failed() {
    stage = Stage::idle;
    bool no_room = false;
    std::string mine = error == nullptr ? "" : text_of(std::exchange(error, nullptr), &no_room);
    if (!mine.empty()) { mine = (no_room ? "R" : "E") + mine; }
    const auto texts = distributed::gather_strings(host, mine);
    std::string message = "step " + std::to_string(step) + " was not saved";
    bool only_room = true;
    for (size_t rank = 0; rank < texts.size(); ++rank) {
      if (texts[rank].empty()) { continue; }
      only_room = only_room && texts[rank][0] == 'R';
      message += "; rank " + std::to_string(rank) + ": " + texts[rank].substr(1);
    }
    std::error_code ignored;
    if (first()) { fs::remove_all(folder.temporary(step), ignored); }
    if (only_room) { return give_up("[checkpoints] " + message); }
    failure = "[checkpoints] " + message;
    count_result("failed");
    throw CheckpointError(failure);
  }

  /// Waits for the save in flight. Collective: all ranks ask equally often, since each answer is everybody's.
  void settle() {
    auto pause = std::chrono::microseconds(200);
    while (stage != Stage::idle) {
      advance();
      if (stage == Stage::idle) { break; }
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, std::chrono::microseconds(20000));
    }
  }
};

Saver::Saver(const CheckpointConfig& config, const std::string& run_dir, distributed::World& world,
             Provenance provenance, std::vector<Part*> parts)
    : Saver(config, run_dir, world.host_group(), std::move(provenance), std::move(parts)) {}

Saver::Saver(const CheckpointConfig& config, const std::string& run_dir, distributed::Communicator& host_group,
             Provenance provenance, std::vector<Part*> parts) {
  if (config.keep < 2) {
    throw ConfigError("[checkpoint.keep] is " + std::to_string(config.keep) +
                      "; at least 2 are kept, so that one damaged file is not the end of a run");
  }
  if (config.every < 0) {
    throw ConfigError("[checkpoint.every] is " + std::to_string(config.every) +
                      "; give the steps between two checkpoints, or 0 for one at the end only");
  }
  announce_measures();
  members_ = std::make_unique<Members>(config, run_dir, host_group, std::move(provenance), std::move(parts));
}

Saver::~Saver() {
  if (std::uncaught_exceptions() > members_->exceptions_at_start) { return; }
  try {
    members_->settle();
  } catch (const std::exception& error) { log::error(error.what()); }
}

std::optional<int64_t> Saver::resume_latest() {
  auto& m = *members_;
  const auto step = resume_newest(m.folder, m.host, m.provenance, m.parts, m.verified);
  if (step) { m.last_saved = *step; }
  return step;
}

bool Saver::due(int64_t step) {
  members_->advance();
  const int64_t every = members_->config.every;
  return every > 0 && step > 0 && step % every == 0 && step != members_->last_saved;
}

void Saver::save(int64_t step) {
  const telemetry::PhaseTimer timer(telemetry::Phase::checkpoint_stall);
  const auto start = Clock::now();
  members_->save(step);
  observe_seconds("stall", seconds_since(start));
}

void Saver::wait() {
  const telemetry::PhaseTimer timer(telemetry::Phase::checkpoint_stall);
  members_->settle();
  if (!members_->failure.empty()) { throw CheckpointError(members_->failure); }
}

int64_t Saver::last_saved() const { return members_->last_saved; }

}  // namespace realface::checkpoints
