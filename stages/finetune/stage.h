#pragma once

#include <torch/types.h>
#include <string>

#include "models/vit/classifier.h"
#include "stages/finetune/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer_stage.h"

namespace realface::stages {

/// Logits [B, 2] of videos, from frames u8 [B, T, H, W, 3]: of a network of clips directly (RC2), else the features of
/// the frames are averaged, then classified (D1). kept: f32 [pictures or clips, 2 * depth] or undefined
/// (draw_kept_branches).
torch::Tensor classify_videos(const models::Classifier& network, const Normaliser& pixels, const torch::Tensor& frames,
                              const torch::Tensor& kept = {});

/// Fine-tuning of the classifier "vit" of the set on whole faces of the stream "videos", real and fake (DeepfakeMAE's
/// and Recap's first score).
class Finetune final : public TrainerStage {
 public:
  static constexpr const char* kStream = "videos";

  /// What `walk` refers to outlives the stage. Collective.
  Finetune(const FinetuneConfig& config, const Walk& walk);

  std::string name() const override { return "finetune"; }
  StepReport step(const data::Step& step) override;

 private:
  torch::Tensor logits(const data::Batch& batch);

  int64_t samples_;  // an update
  double drop_path_;
  uint64_t seed_;
  Normaliser pixels_;
};

}  // namespace realface::stages
