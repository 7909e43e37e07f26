#include "stages/localization/learner.h"

#include <ATen/ops/empty.h>

#include "base/counter_rng.h"
#include "stages/training/device_copy.h"

namespace realface::stages {

torch::Tensor draw_kept_units(double rate, int64_t units, uint64_t seed, const std::vector<int64_t>& epochs,
                              const std::vector<int64_t>& samples, int64_t pass) {
  auto kept = at::empty({static_cast<int64_t>(samples.size()), units}, torch::kFloat32);
  auto* value = kept.mutable_data_ptr<float>();
  const auto factor = static_cast<float>(1.0 / (1.0 - rate));
  for (size_t i = 0; i < samples.size(); ++i) {
    CounterRng rng(seed, CounterRng::Purpose::dropout,
                   {static_cast<uint64_t>(epochs[i]), static_cast<uint64_t>(samples[i]), static_cast<uint64_t>(pass)});
    for (int64_t unit = 0; unit < units; ++unit) { *value++ = rng.chance(rate) ? 0.0F : factor; }
  }
  return kept;
}

Findings LocalizerLearner::forward(const Faces& faces, const Parameters& parameters, models::Statistics statistics,
                                   int64_t pass) {
  torch::Tensor kept;
  if (pass != kScoring && dropout_ > 0) {
    constexpr int64_t kUnits = models::LocalizerImpl::kHidden;
    const auto drawn = draw_kept_units(dropout_, kUnits, seed_, faces.epochs, faces.samples, pass);
    kept = sent_to(faces.pictures.device(), drawn).to(faces.pictures.scalar_type());
  }
  const auto located = network_.forward(faces.pictures, faces.features, parameters, statistics, kept);
  return {located.map, located.mask, located.logits};
}

}  // namespace realface::stages
