#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "distributed/communicator.h"

namespace realface::distributed {

struct NamedTensor {
  std::string name;
  torch::Tensor tensor;
};

struct ReducerConfig {
  int64_t first_bucket_bytes = 1 << 20;  // small, so that the first reduction starts early in the backward pass
  int64_t bucket_bytes = 25 << 20;       // larger: fewer collectives; smaller: more overlap
};

/// Names of the parameters of each bucket, in the order of the flat buffer: buckets in the order of their launch.
using BucketLayout = std::vector<std::vector<std::string>>;

/// Sums the gradients of all ranks while the backward pass still runs.
///
/// Every parameter's `.grad` is a view of a flat bucket, in fp32 (fp64 for double parameters), also where the parameter
/// is bf16 or half. A hook after each accumulation counts the bucket's parameters; a full bucket is reduced
/// at once, and buckets start strictly in index order on every rank, whatever order they fill in.
///
///     for each micro-batch: reducer.begin(is_last); loss.backward();
///     reducer.finish();    // every .grad: the SUM over ranks and micro-batches
///     optimizer step; reducer.zero();
///
/// Sums, never averages: the stage divides its loss by a global count (G8). A parameter without a gradient counts as
/// zero, on one rank or on all. Never call backward(create_graph) on these parameters: take autograd::grad inside an
/// episode and `reduce` the outer gradients.
///
/// All ranks construct with the same parameters in the same order and call the same methods. Main thread only, except
/// that the hooks run where autograd runs them. Must not outlive the communicator.
class GradientReducer {
 public:
  /// Takes over `.grad` of the parameters (zeros). Throws Error where one does not require gradients, is not floating
  /// point or has a hook already, and where ranks disagree about names or shapes. Collective.
  GradientReducer(std::vector<NamedTensor> parameters, Communicator& group, const ReducerConfig& config = {});
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  /// Before each backward pass. false: accumulate only (no_sync); true: this is the last one of the update. That
  /// backward pass then throws Error where a `.grad` no longer aliases its bucket or is accumulated twice.
  void begin(bool synchronise);

  /// After the last backward pass: starts what has not started, waits (on a GPU the current stream does, not the host).
  /// The first one also arranges the buckets anew, in the order in which rank 0's gradients became ready, unless
  /// a layout was set, and warns once of parameters that no rank used. Collective.
  void finish();

  /// Sets all gradients to zero, in place.
  void zero();

  /// The buckets, each one-dimensional, fp32 or fp64, with zeros between parameters: for norm and clipping. Valid until
  /// the first finish() or set_layout(), which may replace them.
  const std::vector<torch::Tensor>& flat_gradients() const;

  /// Names of the parameters that no rank used in the last update. On a GPU this waits for the device.
  std::vector<std::string> unused() const;

  /// Blocking sum over ranks, in place, of any tensors: for episodes. Collective.
  void reduce(const std::vector<torch::Tensor>& tensors);

  /// What a checkpoint saves, since it fixes the order of sums. Empty before the first finish(): then there is nothing
  /// to keep. set_layout({}) does nothing.
  BucketLayout layout() const;

  /// Takes over a saved layout, before the first update or between updates; gradients keep their values. Throws Error
  /// where its names are not exactly the parameters'. Collective.
  void set_layout(const BucketLayout& layout);

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::distributed
