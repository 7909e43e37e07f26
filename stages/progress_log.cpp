#include "stages/progress_log.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "base/telemetry.h"

namespace realface::stages {
namespace {

double waited_for_data() { return telemetry::phase_seconds(telemetry::Phase::data_wait); }

torch::Tensor scalar_or_zero(const torch::Tensor& tensor, torch::Device device) {
  if (!tensor.defined()) { return at::zeros({}, torch::TensorOptions(torch::kFloat64).device(device)); }
  return tensor.detach().to(torch::kFloat64).reshape({});
}

}  // namespace

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::max(0.0, std::round(seconds)));
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

ProgressLog::ProgressLog(const Stage& stage, distributed::World& world, int64_t last_step, int64_t steps_per_epoch)
    : stage_(stage), world_(world), last_step_(last_step), steps_per_epoch_(steps_per_epoch) {
  begin_record();
}

void ProgressLog::begin_record() {
  loss_ = torch::Tensor();
  steps_ = samples_ = 0;
  waited_ = waited_for_data();
  since_ = std::chrono::steady_clock::now();
}

void ProgressLog::add(const StepReport& report) {
  if (report.loss.defined()) {
    const auto loss = report.loss.detach();
    loss_ = loss_.defined() ? loss_ + loss : loss;
  }
  latest_ = report;
  if (!skipped_before_.defined() && report.skipped.defined()) {
    // Those before the first step of this process were restored from a checkpoint, and counted by an earlier one.
    skipped_before_ = report.skipped[1] - report.skipped[0].gt(0).to(report.skipped.dtype());
  }
  samples_ += report.samples;
  ++steps_;
}

bool ProgressLog::skipping() const { return latest_.skipped.defined() && latest_.skipped[0].item<float>() > 0; }

ProgressLog::Values ProgressLog::read() {
  Values values;
  if (!loss_.defined()) { return values; }
  auto loss = loss_.to(torch::kFloat64).reshape({1}) / static_cast<double>(std::max<int64_t>(1, steps_));
  world_.group().all_reduce(loss)->wait();
  const auto device = loss.device();
  torch::Tensor in_a_row, skipped;
  if (latest_.skipped.defined()) {
    in_a_row = latest_.skipped[0];
    skipped = latest_.skipped[1] - skipped_before_;
    skipped_before_ = latest_.skipped[1].clone();  // the stage goes on counting in the tensor of its report
  }
  // One transfer for all: each would wait for the device.
  const auto all = at::stack({loss.reshape({}), scalar_or_zero(latest_.grad_norm, device),
                              scalar_or_zero(in_a_row, device), scalar_or_zero(skipped, device)})
                       .cpu();
  const auto* numbers = all.const_data_ptr<double>();
  values.loss = numbers[0];
  values.grad_norm = numbers[1];
  skipped_in_a_row_ = static_cast<int64_t>(numbers[2]);
  values.skipped = numbers[3];
  return values;
}

cluster::StepRecord ProgressLog::flush() {
  const auto values = read();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count();
  cluster::StepRecord record;
  record.step = stage_.position();
  record.loss = values.loss;
  record.grad_norm = values.grad_norm;
  record.learning_rate = latest_.learning_rate;
  record.samples = samples_;
  record.images_per_second = static_cast<double>(samples_) / std::max(seconds, 1e-9);
  if (steps_per_epoch_ > 0) { record.epoch = static_cast<double>(record.step) / static_cast<double>(steps_per_epoch_); }
  write_line(record, values, seconds);
  begin_record();
  return record;
}

void ProgressLog::write_line(const cluster::StepRecord& record, const Values& values, double seconds) {
  const double share = (waited_for_data() - waited_) / std::max(seconds, 1e-9);
  const bool endless = last_step_ == std::numeric_limits<int64_t>::max();
  auto line = endless ? fmt::format("{} step {}", stage_.name(), record.step)
                      : fmt::format("{} step {}/{}", stage_.name(), record.step, last_step_);
  if (loss_.defined()) { line += fmt::format("  loss {:.5g}", values.loss); }
  if (latest_.grad_norm.defined()) {
    line += fmt::format("  lr {:.3g}  grad {:.3g}", record.learning_rate, values.grad_norm);
  }
  line += fmt::format("  {:.4g} images/s  data wait {:.1f} %", record.images_per_second, 100 * share);
  if (!endless && steps_ > 0) {
    const double left = seconds / static_cast<double>(steps_) * static_cast<double>(last_step_ - record.step);
    line += "  left " + clock_text(left);
  }
  log::info(line);
  if (values.skipped <= 0) { return; }
  telemetry::counter("nonfinite_steps_total").add(values.skipped);
  telemetry::counter("skipped_updates_total").add(values.skipped);
  log::info(
      fmt::format("the gradient of {} updates since the last line was not finite: they were skipped", values.skipped));
}

}  // namespace realface::stages
