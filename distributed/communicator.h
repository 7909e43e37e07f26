#pragma once

#include <torch/types.h>
#include <memory>
#include <string>

#include "base/error.h"

namespace realface::distributed {

enum class ReduceOp { sum, min, max };

/// A collective that failed: the message carries rank, host, operation and size.
class CommunicatorError : public Error {
 public:
  using Error::Error;
};

/// A collective on its way.
class Work {
 public:
  virtual ~Work() = default;
  /// Returns once the result may be used: by the host for host tensors, by the current stream for GPU tensors (the host
  /// does not wait then). Throws CommunicatorError if the operation failed.
  virtual void wait() = 0;
  virtual bool done() const = 0;
};
using Pending = std::shared_ptr<Work>;

/// A group of ranks that run the same collectives in the same order. Implementations: NCCL (GPU tensors), MPI (host
/// tensors), self (one rank).
///
/// Every operation is asynchronous and in place on contiguous tensors, which must live until `wait()`; `->wait()` makes
/// it blocking. Called from one thread at a time. Counts may exceed 2^31: large tensors travel in chunks.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual std::string backend() const = 0;  // "nccl", "mpi" or "self"

  [[nodiscard]] virtual Pending all_reduce(torch::Tensor tensor, ReduceOp op = ReduceOp::sum) = 0;
  [[nodiscard]] virtual Pending broadcast(torch::Tensor tensor, int root) = 0;
  /// output: size() times as many elements as input, rank after rank.
  [[nodiscard]] virtual Pending all_gather(torch::Tensor output, torch::Tensor input) = 0;
  /// input: size() times as many elements as output; rank r receives the reduced r-th part.
  [[nodiscard]] virtual Pending reduce_scatter(torch::Tensor output, torch::Tensor input,
                                               ReduceOp op = ReduceOp::sum) = 0;
  [[nodiscard]] virtual Pending barrier() = 0;

  /// Throws CommunicatorError where the group has failed, on this rank. An aborted collective on a GPU ends like one
  /// that went well: ask, once the device has done its work, before its results are kept. Local.
  virtual void check() {}

  /// A zeroed one-dimensional tensor that this group reduces faster than others, because its ranks see each other's
  /// copy of it. Collective, blocking, with the same size and options on every rank; views of it stay fast where all
  /// ranks pass the same view. By default an ordinary tensor.
  virtual torch::Tensor allocate(int64_t elements, const torch::TensorOptions& options);
};

/// Throws CommunicatorError unless the tensor is defined, contiguous and on the device type that the group serves.
void check_operand(const Communicator& group, const char* operation, const torch::Tensor& tensor,
                   torch::DeviceType device);

/// Throws CommunicatorError unless there is such a rank. Asked before NCCL is, which would fail for good.
void check_root(const Communicator& group, int root);

/// "rank 1 (host)": the start of every message about a collective.
std::string whereabouts(int rank);

}  // namespace realface::distributed
