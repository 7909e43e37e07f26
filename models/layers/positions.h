#pragma once

#include <torch/types.h>

namespace realface::models {

/// The fixed 2-D sine-cosine table of facebookresearch/mae, [1, 1 + grid*grid, width]: row 0, of the class token, is
/// zero; patch (r, c) has [sin(c w), cos(c w), sin(r w), cos(r w)] (column first) with w_k = 10000^(-k/q), q = width/4.
/// Computed in fp64, returned as fp32. Throws ConfigError unless 4 divides the width.
torch::Tensor sincos_positions(int64_t width, int64_t grid);

/// The fixed table of VideoMAE over the numbers of tokens, [1, count, width]: even dimension 2i of token p has
/// sin(p / 10000^(2i/width)), the odd one after it the cosine. Likewise; any width.
torch::Tensor sinusoid_positions(int64_t width, int64_t count);

/// sinusoid_positions, on the device and in the type of the tokens that they are added to. In no checkpoint: they are
/// computed.
class FixedPositions {
 public:
  FixedPositions(int64_t width, int64_t count) : table_(sinusoid_positions(width, count)) {}
  torch::Tensor all(const torch::Tensor& tokens) const;                             // [1, N, D]
  torch::Tensor rows(const torch::Tensor& ids, const torch::Tensor& tokens) const;  // of ids [B, L] -> [B, L, D]

 private:
  mutable torch::Tensor table_;  // moved once
};

}  // namespace realface::models
