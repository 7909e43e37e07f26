#include "stages/residual/stage.h"

#include <ATen/ops/tensor.h>
#include <numeric>
#include <vector>

#include "base/counter_rng.h"
#include "models/rffr/residuals.h"
#include "stages/training/classification.h"
#include "stages/training/device_copy.h"
#include "stages/training/restorer.h"

namespace realface::stages {

std::shared_ptr<models::MaskedAutoencoder> residual_network(const models::Set& set, const models::RffrConfig& config) {
  if (!config.needs_autoencoder()) { return nullptr; }
  return restorer_of(
      set, {.by = "residuals", .image = config.vit.image, .patch = config.vit.patch, .pixels = "unit"});  // F3
}

ResidualView::ResidualView(const models::RffrConfig& config, std::shared_ptr<models::MaskedAutoencoder> network,
                           torch::Device device)
    : config_(config),
      network_(std::move(network)),
      unit_("unit", config.vit.patch, device),
      imagenet_("imagenet", config.vit.patch, device),
      blocks_(models::block_patches(config).to(device)) {}

torch::Tensor ResidualView::residuals(const torch::Tensor& images, const torch::Tensor& blocks) const {
  if (!config_.has_residual()) { return {}; }
  const auto faces = unit_.patches(images);
  if (config_.source == "high_pass") { return models::high_pass_residuals(faces, blocks.flatten(), config_.vit.patch); }
  return config_.source == "masked" ? models::masked_residuals(*network_, faces, blocks)
                                    : models::autoencoder_residuals(*network_, faces, blocks.flatten());
}

torch::Tensor ResidualView::logits(const models::RffrImpl& detector, const torch::Tensor& images,
                                   const torch::Tensor& residuals, const torch::Tensor& blocks) const {
  const auto originals = config_.has_original() ? imagenet_.patches(images) : torch::Tensor();
  return detector.forward(originals, residuals, detector.seen_patches(blocks));
}

torch::Tensor draw_blocks(const torch::Tensor& all, double share, uint64_t seed, int64_t step) {
  CounterRng rng(seed, CounterRng::Purpose::block, {static_cast<uint64_t>(step)});
  std::vector<int64_t> drawn;
  for (int64_t block = 0; block < all.size(0); ++block) {
    if (rng.chance(share)) { drawn.push_back(block); }
  }
  return drawn.empty() ? all : all.index_select(0, sent_to(all.device(), at::tensor(drawn, torch::kInt64)));
}

Residual::Residual(const ResidualConfig& config, const Walk& walk)
    : TrainerStage(config.train, walk.models, walk.world, walk.data.steps_per_epoch()),
      samples_(config.train.batch),
      share_(config.model.patches == "whole" ? 1 : config.share),
      seed_(walk.seed),
      view_(config.model, residual_network(walk.models, config.model), walk.world.device()) {}

StepReport Residual::step(const data::Step& step) {
  const auto blocks = draw_blocks(view_.all_blocks(), share_, seed_, step.index);
  const auto& detector = trainer_.working<models::RffrImpl>("rffr");
  return train_classifier(trainer_, labelled_batches(step), samples_, [&](const data::Batch& batch) {
    return view_.logits(detector, batch.images, view_.residuals(batch.images, blocks), blocks);
  });
}

}  // namespace realface::stages
