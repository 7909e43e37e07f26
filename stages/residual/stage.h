#pragma once

#include <torch/types.h>
#include <memory>

#include "models/mae/masked_autoencoder.h"
#include "models/rffr/rffr.h"
#include "stages/residual/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer_stage.h"

namespace realface::stages {

/// What the detector is shown of faces u8 [B, H, W, 3]: the faces, and what the autoencoder leaves of them.
class ResidualView {
 public:
  /// network: of the set's "mae"; null if the detector needs none.
  ResidualView(const models::RffrConfig& config, std::shared_ptr<models::MaskedAutoencoder> network,
               torch::Device device);

  /// f32 [B, N, V] of blocks, i64 [k, n]; undefined if no branch sees them.
  torch::Tensor residuals(const torch::Tensor& images, const torch::Tensor& blocks) const;
  /// Logits [B, 2] of a detector of this configuration, which sees the patches of those blocks.
  torch::Tensor logits(const models::RffrImpl& detector, const torch::Tensor& images, const torch::Tensor& residuals,
                       const torch::Tensor& blocks) const;
  /// Of all blocks, on the device: what a test sees (F5).
  const torch::Tensor& all_blocks() const { return blocks_; }

 private:
  models::RffrConfig config_;
  std::shared_ptr<models::MaskedAutoencoder> network_;
  Normaliser unit_, imagenet_;
  torch::Tensor blocks_;
};

/// The set's autoencoder of residuals, in evaluation mode; null if this detector needs none. Throws ConfigError if it
/// saw other pixels than [0, 1] or faces of another size, or restores no pixels.
std::shared_ptr<models::MaskedAutoencoder> residual_network(const models::Set& set, const models::RffrConfig& config);

/// Blocks of an update (F4): each with probability `share`, the same for all samples and ranks; all if none was drawn.
/// all: i64 [blocks, n] on the device.
torch::Tensor draw_blocks(const torch::Tensor& all, double share, uint64_t seed, int64_t step);

/// Training of the detector "rffr" of the set on single faces, real and fake (training/labelled.h).
class Residual final : public TrainerStage {
 public:
  /// What `walk` refers to outlives the stage. Collective.
  Residual(const ResidualConfig& config, const Walk& walk);

  std::string name() const override { return "rffr"; }
  StepReport step(const data::Step& step) override;

 private:
  int64_t samples_;  // an update
  double share_;
  uint64_t seed_;
  ResidualView view_;
};

}  // namespace realface::stages
