#pragma once

#include <torch/types.h>

namespace realface::models {

/// The fixed 2-D sine-cosine table of facebookresearch/mae, [1, 1 + grid*grid, width]: row 0, of the class token, is
/// zero; patch (r, c) has [sin(c w), cos(c w), sin(r w), cos(r w)] (column first) with w_k = 10000^(-k/q), q = width/4.
/// Computed in fp64, returned as fp32. Throws ConfigError where 4 does not divide the width.
torch::Tensor sincos_positions(int64_t width, int64_t grid);

}  // namespace realface::models
