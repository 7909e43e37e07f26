#include "stages/finetune/drop_path.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "base/counter_rng.h"

namespace realface::stages {

torch::Tensor draw_kept_branches(double rate, int64_t depth, int64_t frames, uint64_t seed,
                                 const std::vector<int64_t>& epochs, const std::vector<int64_t>& samples) {
  auto kept = at::empty({static_cast<int64_t>(samples.size()) * frames, 2 * depth}, torch::kFloat32);
  auto* value = kept.mutable_data_ptr<float>();
  for (size_t i = 0; i < samples.size(); ++i) {
    CounterRng rng(seed, CounterRng::Purpose::dropout,
                   {static_cast<uint64_t>(epochs[i]), static_cast<uint64_t>(samples[i])});
    for (int64_t branch = 0; branch < frames * 2 * depth; ++branch) {
      const auto block = static_cast<double>(branch % (2 * depth) / 2);
      const double own = rate * block / static_cast<double>(std::max<int64_t>(1, depth - 1));
      *value++ = rng.chance(own) ? 0.0F : static_cast<float>(1.0 / (1.0 - own));
    }
  }
  return kept;
}

}  // namespace realface::stages
