#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

/// The two layers that every transformer here is made of, with the parameter names of PyTorch's own. Their values are
/// unset until a model initialises them (init.h).
namespace realface::models {

/// y = x W^T + b over the last dimension. Parameters `weight` [out, in] and, unless it has none, `bias` [out].
class Linear : public torch::nn::Module {
 public:
  Linear(int64_t in, int64_t out, bool has_bias = true);
  torch::Tensor forward(const torch::Tensor& x) const;       // x in kernels::compute_dtype of the weight
  torch::Tensor forward_gelu(const torch::Tensor& x) const;  // GELU of that, by the error function
  /// Outputs first..first+count-1 alone: as many rows of weight and bias. `bias` [out]: in the place of its own.
  torch::Tensor forward_slice(const torch::Tensor& x, int64_t first, int64_t count,
                              const torch::Tensor& bias = {}) const;

 private:
  torch::Tensor weight_, bias_;
};

/// Layer norm over the last dimension, eps 1e-6 (facebookresearch/mae). Parameters `weight` and `bias` [width], 1 and
/// 0.
class LayerNorm : public torch::nn::Module {
 public:
  explicit LayerNorm(int64_t width);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  torch::Tensor weight_, bias_;
};

/// The parameter in another type; undefined for an undefined one. Its gradient comes back in that type, not rounded to
/// the parameter's, for those whose `.grad` is fp32.
torch::Tensor widened(const torch::Tensor& parameter, torch::ScalarType dtype);

}  // namespace realface::models
