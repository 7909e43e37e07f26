#include "distributed/mpi/posts.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

namespace realface::distributed {
namespace {

std::optional<MPI_Datatype> type_of(torch::Dtype dtype) {
  switch (dtype) {
    case torch::kFloat32:
      return MPI_FLOAT;
    case torch::kFloat64:
      return MPI_DOUBLE;
    case torch::kInt64:
      return MPI_INT64_T;
    case torch::kInt32:
      return MPI_INT32_T;
    case torch::kInt16:
      return MPI_INT16_T;
    case torch::kInt8:
      return MPI_INT8_T;
    case torch::kUInt8:
      return MPI_UINT8_T;
    default:
      return std::nullopt;
  }
}

MPI_Op op_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::min:
      return MPI_MIN;
    case ReduceOp::max:
      return MPI_MAX;
    case ReduceOp::sum:
      break;
  }
  return MPI_SUM;
}

/// Calls `post` for each chunk of `total` elements with the chunk's first element, count and request.
void in_chunks(MpiPosts::Requests& requests, int64_t total, int64_t chunk, const char* name,
               const std::function<int(int64_t first, int count, MPI_Request* request)>& post) {
  for (int64_t first = 0; first < total; first += chunk) {
    requests.push_back(MPI_REQUEST_NULL);
    check_mpi(post(first, static_cast<int>(std::min(chunk, total - first)), &requests.back()), name);
  }
}

std::byte* bytes_of(const torch::Tensor& tensor) { return static_cast<std::byte*>(tensor.data_ptr()); }

}  // namespace

torch::Tensor staged_for_sums(const torch::Tensor& tensor) {
  const auto dtype = tensor.scalar_type();
  if (dtype == torch::kBFloat16 || dtype == torch::kHalf) { return tensor.to(torch::kFloat32); }
  if (type_of(dtype)) { return tensor; }
  throw CommunicatorError(std::string("[mpi] tensors of type ") + c10::toString(dtype) +
                          " cannot be reduced; convert to a floating-point or integer type");
}

void MpiPosts::all_reduce(Requests& requests, const torch::Tensor& tensor, ReduceOp op) const {
  const auto type = type_of(tensor.scalar_type()).value();
  const auto width = static_cast<int64_t>(tensor.element_size());
  in_chunks(requests, tensor.numel(), chunk, "MPI_Iallreduce", [&](int64_t first, int count, MPI_Request* request) {
    return MPI_Iallreduce(MPI_IN_PLACE, bytes_of(tensor) + first * width, count, type, op_of(op), comm, request);
  });
}

void MpiPosts::broadcast(Requests& requests, const torch::Tensor& tensor, int root) const {
  in_chunks(requests, static_cast<int64_t>(tensor.nbytes()), chunk, "MPI_Ibcast",
            [&](int64_t first, int count, MPI_Request* request) {
              return MPI_Ibcast(bytes_of(tensor) + first, count, MPI_BYTE, root, comm, request);
            });
}

void MpiPosts::all_gather(Requests& requests, const torch::Tensor& output, const torch::Tensor& input) const {
  const auto part = static_cast<int64_t>(input.nbytes());
  if (part == 0) { return; }
  std::byte* mine = bytes_of(output) + part * rank;
  if (mine != bytes_of(input)) { std::memmove(mine, bytes_of(input), input.nbytes()); }
  // Open MPI counts the elements before a rank's part in an int too.
  if (part * size <= chunk) {
    requests.push_back(MPI_REQUEST_NULL);
    check_mpi(MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes_of(output), static_cast<int>(part), MPI_BYTE,
                             comm, &requests.back()),
              "MPI_Iallgather");
    return;
  }
  // A chunk of every rank's part lies apart from the others: each rank broadcasts its own.
  for (int root = 0; root < size; ++root) {
    in_chunks(requests, part, chunk, "MPI_Ibcast", [&](int64_t first, int count, MPI_Request* request) {
      return MPI_Ibcast(bytes_of(output) + part * root + first, count, MPI_BYTE, root, comm, request);
    });
  }
}

void MpiPosts::reduce_scatter(Requests& requests, const torch::Tensor& output, const torch::Tensor& input,
                              ReduceOp op) const {
  const auto type = type_of(output.scalar_type()).value();
  const auto width = static_cast<int64_t>(output.element_size());
  const int64_t part = output.numel();
  // For the same reason one reduction for each rank's part; `input` stays as it is.
  for (int root = 0; root < size; ++root) {
    in_chunks(requests, part, chunk, "MPI_Ireduce", [&](int64_t first, int count, MPI_Request* request) {
      return MPI_Ireduce(bytes_of(input) + (part * root + first) * width,
                         root == rank ? bytes_of(output) + first * width : nullptr, count, type, op_of(op), root, comm,
                         request);
    });
  }
}

void MpiPosts::barrier(Requests& requests) const {
  requests.push_back(MPI_REQUEST_NULL);
  check_mpi(MPI_Ibarrier(comm, &requests.back()), "MPI_Ibarrier");
}

}  // namespace realface::distributed
