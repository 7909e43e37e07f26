#pragma once

#include <torch/types.h>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cluster/metrics/metrics.h"
#include "distributed/world.h"
#include "stages/stage.h"

namespace realface::stages {

/// What the loop tells the log and the metrics: adds up step reports on the device and reads them on logging steps
/// only.
class ProgressLog {
 public:
  /// last_step: where this call ends. steps_per_epoch: 0 where unknown.
  ProgressLog(const Stage& stage, distributed::World& world, int64_t last_step, int64_t steps_per_epoch);

  void add(const StepReport& report);

  /// Values for the next record that were read already: those of an evaluation.
  void add_values(const std::map<std::string, double>& values) { evaluated_ = values; }

  /// Reads what was added since the last record, writes the log line, and begins the next record. Waits for the device;
  /// collective.
  cluster::StepRecord flush();

  /// After a flush: updates skipped in a row until now, for gradients not finite.
  int64_t skipped_in_a_row() const { return skipped_in_a_row_; }

  /// Whether the last update was skipped. Waits for the device.
  bool skipping() const;

 private:
  struct Values {
    double loss = 0, grad_norm = 0;
    double skipped = 0;  // updates, since the last record
    std::map<std::string, double> named;
  };
  Values read();
  torch::Tensor means() const;
  void write_line(const cluster::StepRecord& record, const Values& values, double seconds);
  void begin_record();

  const Stage& stage_;
  distributed::World& world_;
  int64_t last_step_, steps_per_epoch_;
  torch::Tensor loss_;  // sum over the steps of the record, this rank's share; undefined: the stage has no loss
  std::map<std::string, torch::Tensor> named_;  // the same for the values that the stage names
  std::map<std::string, double> evaluated_;
  StepReport latest_;
  int64_t steps_ = 0, samples_ = 0, skipped_in_a_row_ = 0;
  torch::Tensor skipped_before_;  // f32: updates skipped in all at the last record; undefined: none was looked at yet
  double waited_ = 0;
  std::chrono::steady_clock::time_point since_;
};

/// 3725 -> "1:02:05".
std::string clock_text(double seconds);

}  // namespace realface::stages
