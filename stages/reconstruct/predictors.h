#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>
#include <string>

#include "distributed/world.h"
#include "stages/stage.h"
#include "stages/training/pixels.h"

/// What one can guess about a masked patch without a network: the yardsticks of a reconstruction.
namespace realface::stages {

/// The mean of every patch over training faces, pixel by pixel, taken by one pass over a shuffled stream.
class MeanPatches final : public Stage {
 public:
  static constexpr const char* kStream = "train";

  /// Ends after `steps` updates. Holds world, which outlives it.
  MeanPatches(const Normaliser& pixels, int64_t steps, distributed::World& world);

  std::string name() const override { return "mean patches"; }
  int64_t steps() const override { return steps_; }
  int64_t position() const override { return position_; }
  StepReport step(const data::Step& step) override;
  void finish() override;  // sums over ranks
  std::vector<Part*> parts() override { return {}; }

  /// f32 [N, P*P*3], normalised; after finish(). Throws DataError where no face was seen.
  torch::Tensor mean() const;
  int64_t faces() const { return faces_; }

 private:
  Normaliser pixels_;
  int64_t steps_, position_ = 0, faces_ = 0;
  distributed::World& world_;
  torch::Tensor sum_;  // f64 [N, P*P*3]
};

/// For every patch the mean colour of its visible neighbours: the eight around it or, if all of these are masked,
/// the smallest square around it that has a visible patch. tokens: [B, N, V] over a square grid of `places`, that of a
/// clip slot after slot; masks: bool [B, N]. Returns [B, N, V], one colour a patch; of a picture without visible
/// patches, zeros.
torch::Tensor neighbour_colours(const torch::Tensor& tokens, const torch::Tensor& masks, int64_t places);

}  // namespace realface::stages
