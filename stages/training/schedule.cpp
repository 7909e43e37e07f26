#include "stages/training/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace realface::stages {

Schedule::Schedule(const ScheduleConfig& config, int64_t steps, int64_t batch, int64_t steps_per_epoch)
    : peak_(config.lr_abs > 0 ? config.lr_abs : config.lr * static_cast<double>(batch) / 256.0),
      lowest_(config.lr_min),
      warmup_(config.warmup * static_cast<double>(steps)),
      steps_(static_cast<double>(steps)),
      start_(static_cast<double>(config.warmup_start)),
      cosine_(config.kind == "cosine") {
  if (config.warmup_epochs > 0 && steps_per_epoch > 0) {
    warmup_ = std::min(warmup_, config.warmup_epochs * static_cast<double>(steps_per_epoch));
  }
}

double Schedule::at(int64_t step) const {
  const double now = static_cast<double>(step) + start_;
  if (now < warmup_) { return peak_ * now / warmup_; }
  if (!cosine_) { return peak_; }
  const double done = std::min(1.0, (now - warmup_) / std::max(1.0, steps_ - warmup_));
  return lowest_ + (peak_ - lowest_) * 0.5 * (1.0 + std::cos(std::numbers::pi * done));
}

}  // namespace realface::stages
