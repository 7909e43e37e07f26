#pragma once

#include <cstdint>
#include <vector>

#include "models/localizer/localizer.h"
#include "stages/episodes/learner.h"

namespace realface::stages {

/// Which of a layer's `units` each face keeps: 0 with the probability `rate`, else 1 / (1 - rate); f32 [B, units], on
/// the CPU. Keyed by (seed, epoch, sample, pass), B of the first two: the same at every world size.
torch::Tensor draw_kept_units(double rate, int64_t units, uint64_t seed, const std::vector<int64_t>& epochs,
                              const std::vector<int64_t>& samples, int64_t pass);

/// The localiser as episodes see it: its mapping head and its classifier are adapted (L7).
class LocalizerLearner final : public Learner {
 public:
  /// dropout: of the classifier's hidden units (L3).
  LocalizerLearner(models::LocalizerImpl& network, double dropout, uint64_t seed)
      : network_(network), dropout_(dropout), seed_(seed) {}

  torch::Tensor features(const torch::Tensor& pictures, models::Statistics statistics) override {
    return network_.features(pictures, statistics);
  }
  Parameters adapted() const override { return network_.adapted(); }
  Findings forward(const Faces& faces, const Parameters& parameters, models::Statistics statistics,
                   int64_t pass) override;

 private:
  models::LocalizerImpl& network_;
  double dropout_;
  uint64_t seed_;
};

}  // namespace realface::stages
