#include "stages/finetune/stage.h"

#include "models/layers/kernels.h"
#include "stages/finetune/drop_path.h"
#include "stages/training/classification.h"
#include "stages/training/device_copy.h"
#include "stages/training/layer_decay.h"

namespace realface::stages {

torch::Tensor classify_videos(const models::Classifier& network, const Normaliser& pixels, const torch::Tensor& frames,
                              const torch::Tensor& kept) {
  if (network.config().of_clips()) { return network.classify(network.features(pixels.patches(frames), kept)); }
  const auto patches = pixels.patches(frames.flatten(0, 1));  // [B * T, N, P*P*3]
  const auto features = network.features(patches, kept);      // [B * T, D]
  return network.classify(features.unflatten(0, {frames.size(0), frames.size(1)}).mean(1));
}

Finetune::Finetune(const FinetuneConfig& config, const Walk& walk)
    : TrainerStage(config.train, walk.models, walk.world, walk.data.steps_per_epoch(),
                   vit_rule(config.model.depth, config.layer_decay)),
      samples_(config.train.batch),
      drop_path_(config.drop_path),
      seed_(walk.seed),
      pixels_(config.pixels, config.model.patch, walk.world.device(), config.model.tubelet) {}

StepReport Finetune::step(const data::Step& step) {
  return train_classifier(trainer_, step.streams.at(kStream), samples_,
                          [&](const data::Batch& batch) { return logits(batch); });
}

torch::Tensor Finetune::logits(const data::Batch& batch) {
  auto& network = trainer_.working<models::Classifier>("vit");
  torch::Tensor kept;
  if (drop_path_ > 0) {
    const int64_t pictures = network.config().of_clips() ? 1 : batch.images.size(1);
    kept = draw_kept_branches(drop_path_, network.config().depth, pictures, seed_, batch.epochs, batch.samples);
    kept = sent_to(batch.images.device(), kept).to(models::kernels::compute_dtype(network.parameters().front()));
  }
  return classify_videos(network, pixels_, batch.images, kept);
}

}  // namespace realface::stages
