#include "stages/residual/stage.h"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <numeric>
#include <vector>

#include "base/counter_rng.h"
#include "base/error.h"
#include "models/mae/description.h"
#include "models/rffr/residuals.h"
#include "stages/training/classification.h"

namespace realface::stages {

std::shared_ptr<models::MaskedAutoencoder> residual_network(const models::Set& set, const models::RffrConfig& config) {
  if (!config.needs_autoencoder()) { return nullptr; }
  const auto network = set.get<models::MaskedAutoencoder>("mae");
  const auto mae = models::mae_description(set.entry("mae").description);
  const auto refuse = [&](const std::string& what, const std::string& wanted) {
    throw ConfigError(fmt::format("[weights.mae] {} was trained on {}, and residuals need {} (docs/decisions.md, F3)",
                                  set.entry("mae").source, what, wanted));
  };
  if (mae.pixels != "unit") { refuse("pixels '" + mae.pixels + "'", "model.pixels=unit"); }
  if (mae.config.of_clips()) { refuse("clips", "an autoencoder of single pictures"); }
  if (mae.config.norm_pix) { refuse("normalised patches", "model.norm_pix=false"); }
  if (mae.config.image != config.vit.image || mae.config.patch != config.vit.patch) {
    refuse(
        fmt::format("{} pixels in patches of {}", mae.config.image, mae.config.patch),
        fmt::format("model.image={} and model.patch={}, as the detector has them", config.vit.image, config.vit.patch));
  }
  network->eval();
  return network;
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
                                   const torch::Tensor& blocks) const {
  const auto originals = config_.has_original() ? imagenet_.patches(images) : torch::Tensor();
  return detector.forward(originals, residuals(images, blocks), detector.seen_patches(blocks));
}

torch::Tensor draw_blocks(const torch::Tensor& all, double share, uint64_t seed, int64_t step) {
  CounterRng rng(seed, CounterRng::Purpose::block, {static_cast<uint64_t>(step)});
  std::vector<int64_t> drawn;
  for (int64_t block = 0; block < all.size(0); ++block) {
    if (rng.chance(share)) { drawn.push_back(block); }
  }
  return drawn.empty() ? all : all.index_select(0, at::tensor(drawn, all.options()));
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
  return train_classifier(trainer_, labelled_batches(step), samples_,
                          [&](const data::Batch& batch) { return view_.logits(detector, batch.images, blocks); });
}

}  // namespace realface::stages
