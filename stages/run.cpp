#include "stages/run.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "distributed/agreement.h"
#include "stages/progress_log.h"
#include "stages/signals.h"

namespace realface::stages {
namespace {

/// The loop and what it carries from step to step. Saver and metrics are null where a stage trains nothing.
class Loop {
 public:
  Loop(Stage& stage, data::Streams& data, checkpoints::Saver* saver, cluster::Metrics* metrics,
       distributed::World& world, const LoopConfig& config, const Evaluation& evaluation)
      : stage_(stage),
        data_(data),
        saver_(saver),
        metrics_(metrics),
        world_(world),
        config_(config),
        evaluation_(evaluation),
        last_step_(config.stop_at > 0 ? std::min(stage.steps(), config.stop_at) : stage.steps()),
        finished_before_(stage.position() >= stage.steps()),
        progress_(stage, world, last_step_, data.steps_per_epoch()) {}

  Ending run() {
    const StopSignals signals;
    StopAgreement agreement(world_.host_group());
    while (stage_.position() < last_step_) {
      if (agreement.at_boundary()) { return interrupted(); }
      const auto started = std::chrono::steady_clock::now();
      const auto step = data_.next();
      if (!step) { break; }
      progress_.add(stage_.step(*step));
      after_step(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    }
    agreement.settle();
    // An earlier start may have gone beyond stop_at: such a run has not finished either.
    if (stage_.position() < stage_.steps() && config_.stop_at > 0 && stage_.position() >= config_.stop_at) {
      final_save();
      return Ending::stopped;
    }
    if (!finished_before_) { stage_.finish(); }
    final_save();
    return Ending::finished;
  }

 private:
  void after_step(double seconds) {
    telemetry::beat();
    if (metrics_ != nullptr) { metrics_->step_done(seconds); }
    const int64_t done = stage_.position();
    if (config_.eval_every > 0 && (done % config_.eval_every == 0 || done == last_step_)) { evaluate(); }
    if (done % std::max<int64_t>(1, config_.log_every) == 0 || done == last_step_) { log_step(); }
    // The last step is saved when the loop is left.
    if (saver_ != nullptr && done < last_step_) { save_if_due(done); }
  }

  void evaluate() {
    const telemetry::PhaseTimer timer(telemetry::Phase::eval);
    auto values = stage_.evaluate();
    if (evaluation_) { values.merge(evaluation_()); }
    progress_.add_values(values);
  }

  // A stage that skips updates may have diverged: its state must not push out sound checkpoints, so what is due waits
  // for an update that was applied.
  void save_if_due(int64_t done) {
    due_ = saver_->due(done) || due_;
    if (!due_ || skipping()) { return; }
    due_ = false;
    save_checked(done);
  }

  // Ranks see the same gradient norm unless a collective was aborted; then too, all of them must do the same.
  bool skipping() { return distributed::any(world_.host_group(), progress_.skipping()); }

  void log_step() {
    const auto record = progress_.flush();
    if (metrics_ != nullptr) { metrics_->publish(record); }
    // The count is equal on all ranks, since the norm is: all of them throw here, or none.
    if (config_.nonfinite_limit > 0 && progress_.skipped_in_a_row() >= config_.nonfinite_limit) {
      throw Error(
          "[" + stage_.name() + "] the gradients of the last " + std::to_string(progress_.skipped_in_a_row()) +
          " updates were not finite (run.nonfinite_limit is " + std::to_string(config_.nonfinite_limit) +
          "); the checkpoints from before are kept. Begin again in a new run.dir, perhaps with a smaller train.lr, train.clip=1 or train.dtype=fp32, which cannot change in this one");
    }
  }

  // A collective that was aborted ends on the GPU like one that went well, and leaves garbage. The copy of the state
  // has waited for the GPU, and nothing is committed before the next call of the saver.
  void save_checked(int64_t step) {
    saver_->save(step);
    distributed::agree(world_.host_group(), "checkpoints", [&] { world_.group().check(); });
  }

  // Before leaving: what was reached is on disk when this returns. Also after a skipped update: it changed no weight,
  // and the checkpoint before it stays.
  void final_save() {
    if (saver_ == nullptr) { return; }
    save_checked(stage_.position());
    saver_->wait();
  }

  Ending interrupted() {
    const auto step = std::to_string(stage_.position());
    if (saver_ != nullptr && skipping()) {
      log::info("a signal asked to stop: step " + step + " is not saved, since its gradient was not finite");
      saver_->wait();
      return Ending::interrupted;
    }
    log::info("a signal asked to stop: writing a checkpoint of step " + step);
    final_save();
    return Ending::interrupted;
  }

  Stage& stage_;
  data::Streams& data_;
  checkpoints::Saver* saver_;
  cluster::Metrics* metrics_;
  distributed::World& world_;
  const LoopConfig& config_;
  Evaluation evaluation_;
  int64_t last_step_;
  bool finished_before_;  // resumed from the last checkpoint of all
  ProgressLog progress_;
  bool due_ = false;  // a checkpoint that was due is not yet saved
};

}  // namespace

void run_fields(Visitor& v, LoopConfig& c) {
  v.field(may_change("stop_at"), c.stop_at, within(0, kMaxSteps));
  v.field(may_change("nonfinite_limit"), c.nonfinite_limit, within(0, kMaxCount));
  v.field(may_change("eval_every"), c.eval_every, within(0, kMaxSteps));
  v.field(may_change("eval_split"), c.eval_split, {"train", "val", "test", "all"});
  v.field(may_change("eval_frames"), c.eval_frames, within(1, 1024));
}

void log_fields(Visitor& v, LoopConfig& c) { v.field(may_change("log_every"), c.log_every, within(1, kMaxCount)); }

Ending run(Stage& stage, data::Streams& data, checkpoints::Saver& saver, cluster::Metrics& metrics,
           distributed::World& world, const LoopConfig& config, const Evaluation& evaluation) {
  return Loop(stage, data, &saver, &metrics, world, config, evaluation).run();
}

Ending run(Stage& stage, data::Streams& data, distributed::World& world, const LoopConfig& config) {
  return Loop(stage, data, nullptr, nullptr, world, config, {}).run();
}

}  // namespace realface::stages
