#pragma once

#include <torch/types.h>
#include <cstdint>
#include <vector>

namespace realface::stages {

/// What each residual branch of each picture is multiplied by: 0 with the branch's rate, else 1 / (1 - rate), so that
/// the mean stays. Rates grow evenly from 0 in block 0 to `rate` in the last (timm). f32 [B * frames, 2 * depth], the
/// frames of a sample together; on the CPU.
///
/// Keyed by (seed, epoch, sample), B of each: the same at every world size. `rate` is below 1.
torch::Tensor draw_kept_branches(double rate, int64_t depth, int64_t frames, uint64_t seed,
                                 const std::vector<int64_t>& epochs, const std::vector<int64_t>& samples);

}  // namespace realface::stages
