#include "stages/progress_log.h"

#include <ATen/ops/cat.h>
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
  named_.clear();
  evaluated_.clear();
  steps_ = samples_ = 0;
  waited_ = waited_for_data();
  since_ = std::chrono::steady_clock::now();
}

void ProgressLog::add(const StepReport& report) {
  const auto add_to = [](torch::Tensor& sum, const torch::Tensor& value) {
    if (value.defined()) { sum = sum.defined() ? sum + value.detach() : value.detach(); }
  };
  add_to(loss_, report.loss);
  for (const auto& [name, value] : report.values) { add_to(named_[name], value); }
  latest_ = report;
  if (!skipped_before_.defined() && report.skipped_in_all.defined()) {
    // Those before the first step of this process were restored from a checkpoint, and counted by an earlier one.
    skipped_before_ = report.skipped_in_all - report.skipped_in_a_row.gt(0).to(report.skipped_in_all.dtype());
  }
  samples_ += report.samples;
  ++steps_;
}

bool ProgressLog::skipping() const {
  return latest_.skipped_in_a_row.defined() && latest_.skipped_in_a_row.item<float>() > 0;
}

/// f64 [1 + named values]: the means over the record's steps, of the loss first; this rank's shares.
torch::Tensor ProgressLog::means() const {
  std::vector<torch::Tensor> sums{loss_};
  for (const auto& [name, value] : named_) { sums.push_back(value); }
  for (auto& sum : sums) { sum = scalar_or_zero(sum, loss_.device()); }
  return at::stack(sums) / static_cast<double>(std::max<int64_t>(1, steps_));
}

ProgressLog::Values ProgressLog::read() {
  Values values;
  values.named = evaluated_;
  if (!loss_.defined()) { return values; }
  auto shares = means();
  world_.group().all_reduce(shares)->wait();
  const auto device = shares.device();
  torch::Tensor in_a_row, skipped;
  if (latest_.skipped_in_all.defined()) {
    in_a_row = latest_.skipped_in_a_row;
    skipped = latest_.skipped_in_all - skipped_before_;
    skipped_before_ = latest_.skipped_in_all.clone();  // the stage goes on counting in the tensor of its report
  }
  // One transfer for all: each would wait for the device.
  const auto rest = at::stack(
      {scalar_or_zero(latest_.grad_norm, device), scalar_or_zero(in_a_row, device), scalar_or_zero(skipped, device)});
  const auto all = at::cat({rest, shares}).cpu();
  const auto* numbers = all.const_data_ptr<double>();
  values.grad_norm = numbers[0];
  skipped_in_a_row_ = static_cast<int64_t>(numbers[1]);
  values.skipped = numbers[2];
  values.loss = numbers[3];
  size_t next = 4;
  for (const auto& [name, value] : named_) { values.named[name] = numbers[next++]; }
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
  record.values = values.named;
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
  for (const auto& [name, value] : values.named) { line += fmt::format("  {} {:.4g}", name, value); }
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
