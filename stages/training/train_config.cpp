#include "stages/training/train_config.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace realface::stages {
namespace {

constexpr double kMaxRate = 1e6;   // far above any use, and finite as fp32 whatever the batch
constexpr double kMaxDecay = 1e4;  // a step shrinks a weight by rate * decay: more than 1 of it diverges

void fields(Visitor& v, OptimizerConfig& c) {
  v.field("optimizer", c.kind, {"adamw", "adam", "sgd"});
  v.field("beta1", c.beta1, {.low = 0, .high = 1, .open_high = true});
  v.field("beta2", c.beta2, {.low = 0, .high = 1, .open_high = true});
  v.field("eps", c.eps, above_up_to(0, 1));
  v.field("weight_decay", c.weight_decay, within(0, kMaxDecay));
  v.field("momentum", c.momentum, {.low = 0, .high = 1, .open_high = true});
}

void fields(Visitor& v, ScheduleConfig& c) {
  v.field("schedule", c.kind, {"cosine", "constant"});
  v.field("lr", c.lr, within(0, kMaxRate));
  v.field("lr_abs", c.lr_abs, within(0, kMaxRate));
  v.field("lr_min", c.lr_min, within(0, kMaxRate));
  v.field("warmup", c.warmup, share());
  v.field("warmup_epochs", c.warmup_epochs, within(0, 1e9));
  v.field("warmup_start", c.warmup_start, within(0, 1));
}

}  // namespace

TrainConfig constant_adam(int64_t steps, double rate) {
  TrainConfig config;
  config.steps = steps;
  config.batch = 32;
  config.optimizer.kind = "adam";
  config.optimizer.beta2 = 0.999;
  config.optimizer.weight_decay = 0;
  config.schedule.lr_abs = rate;
  config.schedule.kind = "constant";
  config.schedule.warmup = 0;
  return config;
}

void fields(Visitor& v, TrainConfig& c, bool with_batch) {
  v.field(may_change("steps"), c.steps, within(0, kMaxSteps));
  v.field(may_change("epochs"), c.epochs, above_up_to(0, 1e9));
  if (with_batch) { v.field("batch", c.batch, within(1, kMaxCount)); }
  // Goes with the world size, since the global batch is what the run keeps.
  v.field(may_change("accumulate"), c.accumulate, within(1, kMaxCount));
  v.field("dtype", c.dtype, {"fp32", "bf16"});
  v.field("flip", c.flip);
  v.field("crop", c.crop, above_up_to(0, 1));
  v.field("shift", c.shift, within(0, 1024));
  fields(v, c.optimizer);
  fields(v, c.schedule);
  v.field("clip", c.clip, within(0, 1e9));
  v.field("bucket_mb", c.bucket_mb, within(1, 65536));
}

void check(const TrainConfig& c, Checker& checker) {
  if (c.batch % c.accumulate != 0) {
    checker.fault({"train.accumulate", "train.batch"},
                  fmt::format("train.batch {} cannot be cut into {} equal micro-batches (train.accumulate)", c.batch,
                              c.accumulate));
  }
  if (c.schedule.lr == 0 && c.schedule.lr_abs == 0) {
    checker.fault({"train.lr", "train.lr_abs"}, "train.lr and train.lr_abs are both 0: nothing would be learnt");
  }
  if (c.optimizer.kind == "adam" && c.schedule.lr_abs == 0) {
    checker.fault(
        {"train.optimizer"},
        "train.optimizer is 'adam', whose rates are absolute (docs/decisions.md, G14); give train.lr_abs instead of train.lr");
  }
}

nlohmann::json length(const TrainConfig& config) { return {{"steps", config.steps}, {"epochs", config.epochs}}; }

data::AugmentConfig augmentation(const TrainConfig& config) { return {config.flip, config.crop, config.shift}; }

int64_t step_count(const TrainConfig& train, int64_t steps_per_epoch) {
  if (train.steps > 0) { return train.steps; }
  if (steps_per_epoch <= 0) {
    throw ConfigError("[train] train.epochs needs a dataset of known length; give train.steps instead");
  }
  const double steps = std::ceil(train.epochs * static_cast<double>(steps_per_epoch));
  if (steps >= 1 && steps <= kMaxSteps) { return static_cast<int64_t>(steps); }
  throw ConfigError(fmt::format(
      "[train] train.epochs {} of {} updates each make {} updates; expected 1 to {}; give another train.epochs, or train.steps",
      train.epochs, steps_per_epoch, steps, kMaxSteps));
}

}  // namespace realface::stages
