#pragma once

#include <torch/types.h>
#include <vector>

#include "distributed/communicator.h"
#include "distributed/mpi/calls.h"

namespace realface::distributed {

/// Posts the nonblocking MPI calls of one collective, in chunks where an int cannot count the elements. Every rank
/// posts the same calls in the same order.
struct MpiPosts {
  using Requests = std::vector<MPI_Request>;

  MPI_Comm comm;
  int rank, size;
  int64_t chunk;  // elements in one call, at most

  void all_reduce(Requests& requests, const torch::Tensor& tensor, ReduceOp op) const;
  void broadcast(Requests& requests, const torch::Tensor& tensor, int root) const;
  void all_gather(Requests& requests, const torch::Tensor& output, const torch::Tensor& input) const;
  void reduce_scatter(Requests& requests, const torch::Tensor& output, const torch::Tensor& input, ReduceOp op) const;
  void barrier(Requests& requests) const;
};

/// The tensor itself where MPI can add up its type, an fp32 copy of bf16 and half. Throws CommunicatorError for types
/// that have no sum.
torch::Tensor staged_for_sums(const torch::Tensor& tensor);

}  // namespace realface::distributed
