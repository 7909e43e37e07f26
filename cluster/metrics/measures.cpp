#include "cluster/metrics/measures.h"

#include <algorithm>

namespace realface::cluster {

// NOLINTNEXTLINE(readability-function-size): a table
const std::vector<Measure>& known_measures() {
  using enum Kind;
  constexpr auto kRun = Scope::run;
  constexpr auto kRank = Scope::rank;
  static const std::vector<Measure> kMeasures = {
      {"train_loss", gauge, kRun, "Training loss, mean since the logged step before and over all ranks.", true},
      {"learning_rate", gauge, kRun, "Learning rate of the last logged step.", true},
      {"grad_norm", gauge, kRun, "Norm of all gradients before clipping, last logged step.", true},
      {"stage_value", gauge, kRun, "What the stage logs by name: parts of the loss, evaluation scores.", false},
      {"epoch", gauge, kRun, "Passes over the training set so far, with fraction.", true},
      {"steps_total", counter, kRun, "Updates done by this process.", true},
      {"samples_total", counter, kRun, "Samples seen by this process, over all ranks.", true},
      {"images_per_second", gauge, kRun, "Samples per second over all ranks, since the logged step before.", true},
      {"nonfinite_steps_total", counter, kRun, "Steps whose loss or gradients were not finite.", true},
      {"skipped_updates_total", counter, kRun, "Updates that were not applied.", true},
      {"phase_seconds_total", counter, kRank, "Seconds of the main thread by what it was doing.", true},
      {"step_duration_seconds", histogram, kRank, "Wall time of an update.", true},
      {"model_flops_total", counter, kRun, "Floating-point operations of the model, as its formula gives them.", false},
      {"mfu_ratio", gauge, kRun, "Model operations per second over what the devices can do.", false},
      {"gpu_memory_allocated_bytes", gauge, kRank, "Device memory held by tensors.", false},
      {"gpu_memory_reserved_bytes", gauge, kRank, "Device memory held by the allocator.", false},
      {"gpu_memory_peak_bytes", gauge, kRank, "Most device memory that tensors held.", false},
      {"alloc_retries_total", counter, kRank, "Device allocations that worked only after freeing caches.", false},
      {"oom_total", counter, kRank, "Device allocations that failed.", false},
      {"allreduce_bytes_total", counter, kRank, "Bytes of gradients reduced.", true},
      {"allreduce_busbw_bytes_per_second", gauge, kRank, "Bus bandwidth of the last timed all-reduce.", false},
      {"data_read_bytes_total", counter, kRank, "Bytes read from shards.", true},
      {"data_errors_total", counter, kRank, "Frames that could not be read, checked or decoded.", true},
      {"data_queue_depth", gauge, kRank, "Batches that wait for the step.", true},
      {"checkpoint_stall_seconds", histogram, kRun, "Time a save kept training waiting.", true},
      {"checkpoint_write_seconds", histogram, kRun, "Time from the snapshot to the commit of a checkpoint.", true},
      {"checkpoint_bytes", gauge, kRun, "Size of the last checkpoint.", true},
      {"checkpoint_total", counter, kRun, "Saves by how they ended.", false},
      {"checkpoint_last_success_timestamp_seconds", gauge, kRun, "When a checkpoint was last committed.", true},
      {"checkpoint_verify_failures_total", counter, kRun, "Checkpoints passed by at a resume, since damaged.", true},
      {"checkpoint_free_bytes", gauge, kRun, "Room where checkpoints are written, at the last save.", true},
      {"eval_auc", gauge, kRun, "Area under the ROC curve, by split.", false},
      {"eval_eer", gauge, kRun, "Equal error rate, by split.", false},
      {"eval_loss", gauge, kRun, "Loss, by split.", false},
      {"rank_score_ratio", gauge, kRank, "Speed of this rank over that of the fastest.", false},
      {"heartbeat_timestamp_seconds", gauge, kRank, "When the main thread last showed life.", true},
      {"restarts_total", counter, kRun, "Times the scheduler started this job again.", true},
      {"run_state", gauge, kRun, "1 while the run trains, else 0.", true},
      {"run_info", gauge, kRank, "What runs where; always 1.", true},
  };
  return kMeasures;
}

Measure measure_of(const std::string& name, Kind kind) {
  const auto& known = known_measures();
  const auto found = std::find_if(known.begin(), known.end(), [&](const Measure& m) { return m.name == name; });
  if (found != known.end() && found->kind == kind) { return *found; }
  return {name, kind, Scope::rank, "Counted by this rank (" + name + ").", false};
}

}  // namespace realface::cluster
