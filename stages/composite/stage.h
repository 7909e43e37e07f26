#pragma once

#include <torch/types.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/loading/companion.h"
#include "models/mae/masked_autoencoder.h"
#include "stages/composite/recipe.h"
#include "stages/scores/samples.h"
#include "stages/stage.h"
#include "stages/training/pixels.h"

namespace realface::stages {

/// Faces with their hidden patches restored (G10): f32, of the shape of the images, in [0, 1]. Of patches that several
/// passes hid, the mean of the predictions; of those that none did, the original. images u8 [B, H, W, 3], or clips
/// [B, T, H, W, 3]; masks bool [B, passes, N]; visible: at least the most visible tokens of any mask.
torch::Tensor inpaint(models::MaskedAutoencoder& network, const Normaliser& pixels, const torch::Tensor& images,
                      const torch::Tensor& masks, int64_t visible);

/// What the network makes of whole faces: every patch predicted, none hidden. Likewise.
torch::Tensor decode_whole(models::MaskedAutoencoder& network, const Normaliser& pixels, const torch::Tensor& images);

/// Means over squares of `shrink` pixels (D4): [B, H, W, 3] -> f16 [B, 3, H / shrink, W / shrink]; of clips [B * T,
/// ...].
torch::Tensor shrunk(const torch::Tensor& faces, int64_t shrink);

/// Restores every face of the stream "faces", once through, by the frozen network "mae", and writes the shrunk
/// composites as the companion of the dataset into the run folder (data/loading/companion.h). A frame that several
/// clips show has the row of the clip in whose middle it lies nearest (RC3); videos shorter than a clip have none.
///
/// Faces are restored in blocks of consecutive ones, each whole on some rank, with masks keyed by (seed, part, sample):
/// the bytes are the same at every world size if ranks have equally many threads.
class Composite final : public Stage {
 public:
  static constexpr const char* kStream = "faces";

  /// What `walk` refers to outlives the stage. Collective. Throws Error if the companion cannot be made.
  Composite(const CompositeConfig& config, const Walk& walk);
  ~Composite() override;

  std::string name() const override { return "composite"; }
  int64_t steps() const override;
  int64_t position() const override;
  StepReport step(const data::Step& step) override;
  void finish() override;
  std::vector<Part*> parts() override;

 private:
  class Progress;
  torch::Tensor restored(const data::Batch& batch);
  void write(const data::Batch& batch);
  std::pair<int64_t, int64_t> own_frames(int64_t sample) const;

  CompositeConfig config_;
  Walk walk_;
  Normaliser pixels_;
  std::shared_ptr<models::MaskedAutoencoder> network_;
  std::optional<SampleTable> table_;  // of clips
  data::CompanionFacts facts_;
  std::optional<data::CompanionWriter> writer_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace realface::stages
