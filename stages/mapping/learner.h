#pragma once

#include "models/mapping_net/mapping_net.h"
#include "stages/episodes/learner.h"

namespace realface::stages {

/// The mapping network as episodes see it: its head is adapted (D10).
class MappingLearner final : public Learner {
 public:
  explicit MappingLearner(models::MappingNetImpl& network) : network_(network) {}

  torch::Tensor features(const torch::Tensor& pictures, models::Statistics statistics) override {
    return network_.features(pictures, statistics);
  }
  Parameters adapted() const override { return network_.head().parameters(); }
  Findings forward(const Faces& faces, const Parameters& parameters, models::Statistics statistics,
                   int64_t /*pass*/) override {
    const auto mapped = network_.head().forward(faces.features, parameters, statistics);
    return {mapped.map, {}, mapped.logits};
  }

 private:
  models::MappingNetImpl& network_;
};

}  // namespace realface::stages
