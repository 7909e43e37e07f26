#include "stages/pretrain/pretrain.h"

#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/telemetry.h"
#include "stages/training/gradient_clip.h"

namespace realface::stages {

using telemetry::Phase;
using telemetry::PhaseTimer;

/// How far the run is: part "stage". The bucket layout is kept because it fixes the order of the sums.
class Pretrain::Progress final : public Part {
 public:
  Progress(distributed::GradientReducer& reducer, torch::Device device)
      : skipped(at::zeros({2}, torch::TensorOptions(torch::kFloat32).device(device))), reducer_(reducer) {}

  std::string part_name() const override { return "stage"; }
  std::vector<Slice> tensors() const override { return {replicated("skipped", skipped)}; }
  nlohmann::json values() const override { return {{"position", position}, {"buckets", reducer_.layout()}}; }
  void restore(const nlohmann::json& values) override {
    position = values.at("position").get<int64_t>();
    reducer_.set_layout(values.at("buckets").get<std::vector<std::vector<std::string>>>());
    copy_is_stale = true;
  }

  int64_t position = 0;
  torch::Tensor skipped;      // f32 [2]: in a row until now, in all
  bool copy_is_stale = true;  // the network was built or restored after the last refresh of the bf16 copy

 private:
  distributed::GradientReducer& reducer_;
};

namespace {

constexpr double kMaxSteps = 1e12;  // as for train.steps

int64_t step_count(const TrainConfig& train, int64_t steps_per_epoch) {
  if (train.steps > 0) { return train.steps; }
  if (steps_per_epoch <= 0) {
    throw ConfigError("[pretrain] train.epochs needs a dataset of known length; give train.steps instead");
  }
  const double steps = std::ceil(train.epochs * static_cast<double>(steps_per_epoch));
  if (steps >= 1 && steps <= kMaxSteps) { return static_cast<int64_t>(steps); }
  throw ConfigError(fmt::format(
      "[pretrain] train.epochs {} of {} updates each make {} updates; expected 1 to {}; give another train.epochs, or train.steps",
      train.epochs, steps_per_epoch, steps, kMaxSteps));
}

std::vector<Optimizer::Named> trainable(const models::MaeImpl& network) {
  std::vector<Optimizer::Named> parameters;
  for (const auto& item : network.named_parameters()) {
    if (item.value().requires_grad()) { parameters.emplace_back(item.key(), item.value()); }
  }
  return parameters;
}

std::shared_ptr<models::MaeImpl> bf16_copy(const PretrainConfig& config, torch::Device device) {
  auto copy = std::make_shared<models::MaeImpl>(config.model, config.seed);
  copy->to(device, torch::kBFloat16);
  return copy;
}

}  // namespace

Pretrain::Pretrain(const PretrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch)
    : config_(config),
      steps_(step_count(config.train, steps_per_epoch)),
      schedule_(config.train.schedule, steps_, config.train.batch, steps_per_epoch),
      pixels_(config.pixels, config.model.patch, world.device()),
      master_(set.get<models::MaeImpl>("mae")),
      network_(master_),
      dtype_(config.train.dtype == "bf16" ? torch::kBFloat16 : torch::kFloat32) {
  if (dtype_ == torch::kBFloat16) { network_ = bf16_copy(config, world.device()); }
  std::vector<torch::Tensor> working;
  std::vector<distributed::NamedTensor> reduced;
  for (const auto& [name, parameter] : trainable(*network_)) {
    working.push_back(parameter);
    reduced.push_back({name, parameter});
  }
  optimizer_ = std::make_unique<Optimizer>(config.train.optimizer, trainable(*master_), working);
  distributed::ReducerConfig buckets;
  buckets.bucket_bytes = config.train.bucket_mb << 20;
  reducer_ = std::make_unique<distributed::GradientReducer>(std::move(reduced), world.group(), buckets);
  progress_ = std::make_unique<Progress>(*reducer_, world.device());
}

Pretrain::~Pretrain() = default;

int64_t Pretrain::position() const { return progress_->position; }

std::vector<Part*> Pretrain::parts() { return {optimizer_.get(), progress_.get()}; }

void Pretrain::refresh_copy() {
  const torch::NoGradGuard no_grad;
  if (network_ != master_) {
    at::_foreach_copy_(network_->parameters(), master_->parameters());
    const auto copies = network_->buffers();
    if (!copies.empty()) { at::_foreach_copy_(copies, master_->buffers()); }
  }
  progress_->copy_is_stale = false;
}

StepReport Pretrain::step(const data::Step& step) {
  if (progress_->copy_is_stale) { refresh_copy(); }
  const auto& batches = step.streams.at(kStream);
  // One divisor for all ranks and micro-batches: a rank with more masked patches weighs more (G8).
  const auto masked = static_cast<double>(std::max<int64_t>(1, step.masked.at(kStream)));
  torch::Tensor loss = at::zeros({}, progress_->skipped.options());
  reducer_->zero();
  for (size_t i = 0; i < batches.size(); ++i) {
    reducer_->begin(/*synchronise=*/i + 1 == batches.size());
    loss += micro_step(batches[i], 1.0 / masked);
  }
  reducer_->finish();
  return update(std::move(loss));
}

torch::Tensor Pretrain::micro_step(const data::Batch& batch, double loss_scale) {
  torch::Tensor loss;
  {
    const PhaseTimer timer(Phase::forward);
    const auto target = pixels_.patches(batch.images);  // [B, N, P*P*3]
    // Lengths that vary are rounded up, so that few different shapes are met (G7).
    const int64_t length = batch.fixed_visible ? batch.visible_max : (batch.visible_max + 7) / 8 * 8;
    const auto visible = models::visible_tokens(batch.mask, length, batch.fixed_visible);
    const auto predictions = network_->forward(target.to(dtype_), visible);
    loss = network_->loss_sum(target, predictions, batch.mask, visible) * loss_scale;
  }
  const PhaseTimer timer(Phase::backward);
  loss.backward();
  return loss.detach();
}

StepReport Pretrain::update(torch::Tensor loss) {
  const PhaseTimer timer(Phase::optimizer);
  const torch::NoGradGuard no_grad;
  StepReport report;
  report.loss = std::move(loss);
  report.grad_norm = gradient_norm(reducer_->flat_gradients());
  report.learning_rate = schedule_.at(progress_->position);
  report.samples = config_.train.batch;
  const auto skip = not_finite(report.grad_norm);
  optimizer_->step(report.learning_rate, clip_divisor(report.grad_norm, config_.train.clip), skip);
  auto in_a_row = progress_->skipped.narrow(0, 0, 1);
  in_a_row.add_(1).mul_(skip);
  progress_->skipped.narrow(0, 1, 1).add_(skip);
  report.skipped = progress_->skipped;
  ++progress_->position;
  return report;
}

}  // namespace realface::stages
