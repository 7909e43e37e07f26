#pragma once

#include <torch/types.h>
#include <string>
#include <vector>

#include "models/vit/classifier.h"
#include "stages/finetune/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer.h"

namespace realface::stages {

/// Logits [B, 2] of videos, from frames u8 [B, T, H, W, 3]: of a network of clips directly (RC2), else the features of
/// the frames are averaged, then classified (D1). kept: f32 [pictures or clips, 2 * depth] or undefined
/// (draw_kept_branches).
torch::Tensor classify_videos(const models::Classifier& network, const Normaliser& pixels, const torch::Tensor& frames,
                              const torch::Tensor& kept = {});

/// Fine-tuning of the classifier "vit" of the set on whole faces of the stream "videos", real and fake (DeepfakeMAE's
/// and Recap's first score).
///
/// The loss of an update is the mean cross-entropy over its videos, of all ranks and micro-batches; reports name the
/// share of videos that it put on the right side, "accuracy", before the update.
class Finetune final : public Stage {
 public:
  static constexpr const char* kStream = "videos";

  /// What `walk` refers to outlives the stage. Collective.
  Finetune(const FinetuneConfig& config, const Walk& walk);

  std::string name() const override { return "finetune"; }
  int64_t steps() const override { return trainer_.steps(); }
  int64_t position() const override { return trainer_.position(); }
  StepReport step(const data::Step& step) override;
  void finish() override { trainer_.finish(); }
  std::vector<Part*> parts() override { return trainer_.parts(); }

 private:
  torch::Tensor logits(const data::Batch& batch);

  int64_t samples_;  // an update
  double drop_path_;
  uint64_t seed_;
  Normaliser pixels_;
  Trainer trainer_;
};

}  // namespace realface::stages
