#include "stages/pretrain/stage.h"

#include <ATen/ops/zeros.h>

#include "base/telemetry.h"
#include "models/mae/masked_autoencoder.h"

namespace realface::stages {

Pretrain::Pretrain(const PretrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch)
    : TrainerStage(config.train, set, world, steps_per_epoch),
      samples_(config.train.batch),
      tokens_(config.model.cut().tokens()),
      packed_(config.packed),
      hides_(config.mask.kind != "none"),
      pixels_(config.pixels, config.model.patch, world.device(), config.model.tubelet) {}

StepReport Pretrain::step(const data::Step& step) {
  trainer_.begin();
  const auto& batches = step.streams.at(kStream);
  // One divisor for all ranks and micro-batches: a rank with more masked patches weighs more (G8).
  const int64_t counted = hides_ ? step.masked.at(kStream) : samples_ * tokens_;
  const double scale = 1.0 / static_cast<double>(std::max<int64_t>(1, counted));
  torch::Tensor sum = at::zeros({}, batches.front().images.options().dtype(torch::kFloat32));
  for (size_t i = 0; i < batches.size(); ++i) {
    const auto part = loss(batches[i]) * scale;
    trainer_.backward(part, /*last=*/i + 1 == batches.size());
    sum += part.detach();
  }
  return trainer_.end(sum, samples_);
}

/// The squared error summed over the masked tokens of one micro-batch.
torch::Tensor Pretrain::loss(const data::Batch& batch) {
  const telemetry::PhaseTimer timer(telemetry::Phase::forward);
  auto& network = trainer_.working<models::MaskedAutoencoder>("mae");
  const auto target = pixels_.patches(batch.images);  // [B, N, V]
  if (!hides_) { return plain_loss(network, target); }
  // Lengths that vary are rounded up, so that few different shapes are met (G7).
  const int64_t length = batch.fixed_visible ? batch.visible_max : (batch.visible_max + 7) / 8 * 8;
  auto visible = models::visible_tokens(batch.mask, length, batch.fixed_visible);
  if (packed_ && !batch.fixed_visible) { visible.packed = batch.mask.numel() - batch.masked; }
  const auto predictions = network.forward(target, visible);
  return network.loss_sum(target, predictions, batch.mask, visible);
}

torch::Tensor Pretrain::plain_loss(models::MaskedAutoencoder& network, const torch::Tensor& target) {
  const auto nothing = at::zeros({target.size(0), tokens_}, target.options().dtype(torch::kBool));
  const auto visible = models::visible_tokens(nothing, tokens_, /*fixed=*/false);
  return network.loss_sum(target, network.forward(target, visible), nothing.logical_not(), visible);
}

}  // namespace realface::stages
