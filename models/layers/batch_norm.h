#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <functional>
#include <utility>
#include <vector>

namespace realface::models {

/// By which statistics a batch norm normalises.
enum class Statistics {
  running,  // those kept from training
  batch,    // the batch's own, and nothing is noted
  noted,    // the batch's own, and they are noted for the running ones
};

/// Batch normalisation over all dimensions but the second (Ioffe and Szegedy 2015), with PyTorch's names and defaults:
/// parameters `weight` and `bias`, buffers `running_mean` and `running_var`, all [C].
///
/// A training forward normalises by the statistics of its own batch and never writes the running ones: it notes (mean,
/// variance) instead, and the code that trains the network calls move_running_statistics once an update. Otherwise each
/// rank would keep statistics of its own, and a checkpoint a mixture of them.
class BatchNorm : public torch::nn::Module {
 public:
  explicit BatchNorm(int64_t channels, double momentum = 0.1, double eps = 1e-5);
  /// [B, C, ...] -> the same shape; noted while training, else running statistics.
  torch::Tensor forward(const torch::Tensor& x);
  torch::Tensor forward(const torch::Tensor& x, Statistics statistics) {
    return forward(x, weight_, bias_, statistics);
  }
  /// With other parameters in the place of its own: of a network that an inner loop adapted.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                        Statistics statistics);

  /// What the running statistics make of the norm: x times the first [C] plus the second.
  std::pair<torch::Tensor, torch::Tensor> scale_and_shift() const;

  /// f32, or f64 if the buffers are, [2C + 1]: sums of the noted means and unbiased variances, and their number;
  /// forgets them.
  torch::Tensor take_notes();
  /// Moves the running statistics once towards the average of the summed notes; unchanged if there are none.
  void move(const torch::Tensor& notes);

 private:
  torch::ScalarType note_type() const;

  double momentum_, eps_;
  torch::Tensor weight_, bias_, running_mean_, running_var_;
  std::vector<std::pair<torch::Tensor, torch::Tensor>> notes_;  // of forwards since the last take_notes
};

/// For every BatchNorm of `working`, a copy of `master` or `master` itself: sums its notes over ranks with `sum` (in
/// place; called once, and not at all without a BatchNorm) and moves the statistics of both networks. Each forward
/// counts alike, so the result is the same at every world size if each forward sees the same samples at every one.
void move_running_statistics(torch::nn::Module& working, torch::nn::Module& master,
                             const std::function<void(torch::Tensor&)>& sum);

}  // namespace realface::models
