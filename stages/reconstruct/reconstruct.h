#pragma once

#include <torch/types.h>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "data/faces/masks.h"
#include "data/streams.h"
#include "distributed/world.h"
#include "models/mae/masked_autoencoder.h"
#include "models/set.h"
#include "stages/reconstruct/difference_views.h"
#include "stages/reconstruct/face_mapper.h"
#include "stages/reconstruct/residual_view.h"
#include "stages/reconstruct/result.h"
#include "stages/scores/samples.h"
#include "stages/stage.h"
#include "stages/training/pixels.h"

namespace realface::stages {

struct ReconstructConfig {
  std::string split = "test";     // whose faces are restored, of all classes: val where training saw test, never train
  int64_t batch = 32;             // faces an update, over all ranks
  int64_t pictures = 6;           // real faces that are kept to be looked at, and
  int64_t fake_pictures = 3;      // of each manipulation
  int64_t baseline_faces = 4096;  // training faces that the mean predictor is taken over, at most
  uint64_t seed = 0;              // of the masks: one mask a face, the same in every call
};

/// Restores masked patches of every face of a split with a trained masked autoencoder, each face once, with one mask
/// fixed by its sample number, and measures the squared error over masked patches in normalised pixels: by video, for
/// each class, beside two guesses that need no network (predictors.h). A network of clips restores the clip in the
/// middle of each video, whose middle frame is kept as its picture.
///
/// Reads the stream "faces", once through. After finish() every rank holds the result.
class Reconstruct final : public Stage {
 public:
  static constexpr const char* kStream = "faces";

  /// Holds the set's networks "mae" and, if there is one, "mapping" or "localizer", whose mapped faces and masks are
  /// then shown too, or "lre" and "extractor", whose maps of differences are, or "rffr", whose residuals are. `world`
  /// and `table` outlive it. train_mean: [N, V], normalised. Throws ConfigError for a network trained on patches
  /// normalised one by one (norm_pix): what it predicts cannot be turned into pixels (G9).
  Reconstruct(const ReconstructConfig& config, const std::string& pixels, models::Set& set, const SampleTable& table,
              torch::Tensor train_mean, distributed::World& world);

  std::string name() const override { return "reconstruct"; }
  int64_t steps() const override;
  int64_t position() const override { return position_; }
  StepReport step(const data::Step& step) override;
  void finish() override;
  std::vector<Part*> parts() override { return {}; }

  /// After finish(): all but provenance and baseline_faces; seen_in_training as if these shards had been trained on.
  const Reconstruction& result() const { return result_; }

 private:
  void add_batch(const data::Batch& batch);
  void keep_picture(const data::Batch& batch, int64_t row, const torch::Tensor& predicted);
  torch::Tensor predict(const data::Batch& batch, const torch::Tensor& patches);
  void add_findings(const torch::Tensor& image, const torch::Tensor& restored, const torch::Tensor& tampered,
                    Picture& picture) const;
  void add_differences(const torch::Tensor& image, const torch::Tensor& mask, Picture& picture) const;
  bool wanted(const data::Batch& batch, int64_t row) const;

  ReconstructConfig config_;
  std::shared_ptr<models::MaskedAutoencoder> network_;
  MapFace map_;                  // or none
  ViewDifferences differences_;  // or none
  ViewResidual residual_;        // or none
  Normaliser pixels_;
  const SampleTable& table_;
  torch::Tensor train_mean_;
  distributed::World& world_;
  std::set<int64_t> wanted_;  // samples to keep a picture of
  int64_t position_ = 0;
  std::map<size_t, ErrorSums> videos_;  // by number in the table
  Reconstruction result_;
};

/// The streams of the two passes: every face of a split with its mask, once through and in order; and shuffled real
/// training faces without masks. truth: with the dataset's masks, to be shown beside a localiser's.
data::StreamNeeds reconstruct_needs(const ReconstructConfig& config, const models::MaeConfig& model,
                                    const data::MaskConfig& mask, bool truth = false);
data::StreamNeeds baseline_needs(const ReconstructConfig& config, const models::MaeConfig& model);

}  // namespace realface::stages
