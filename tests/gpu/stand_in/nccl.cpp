#include "tests/gpu/stand_in/nccl.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <mpi.h>

#include <cstring>
#include <vector>

#include "tests/gpu/stand_in/parts.h"

struct ncclComm {
  MPI_Comm ranks;
  int rank = 0, size = 1;
};

namespace {

using namespace realface::stand_in;

c10::ScalarType scalar_type(ncclDataType_t type) {
  switch (type) {
    case ncclInt8:
      return at::kChar;
    case ncclUint8:
      return at::kByte;
    case ncclInt32:
      return at::kInt;
    case ncclInt64:
      return at::kLong;
    case ncclFloat16:
      return at::kHalf;
    case ncclFloat32:
      return at::kFloat;
    case ncclFloat64:
      return at::kDouble;
    case ncclBfloat16:
      return at::kBFloat16;
  }
  return at::kByte;
}

size_t bytes_of(size_t count, ncclDataType_t type) { return count * c10::elementSize(scalar_type(type)); }

/// The parts of all ranks, one after the other.
std::vector<char> gather(const void* from, size_t bytes, ncclComm_t comm) {
  std::vector<char> all(bytes * static_cast<size_t>(comm->size));
  MPI_Allgather(from, static_cast<int>(bytes), MPI_BYTE, all.data(), static_cast<int>(bytes), MPI_BYTE, comm->ranks);
  return all;
}

at::Tensor combine(const at::Tensor& all, ncclRedOp_t op) {
  if (op == ncclMax) { return all.amax(0); }
  if (op == ncclMin) { return all.amin(0); }
  return at::sum(all, 0, false, all.scalar_type());
}

/// Of every rank's `count` elements, what all of them make together.
at::Tensor reduce(const void* from, size_t count, ncclDataType_t type, ncclRedOp_t op, ncclComm_t comm) {
  auto all = gather(from, bytes_of(count, type), comm);
  const auto parts = at::from_blob(all.data(), {comm->size, static_cast<int64_t>(count)}, scalar_type(type));
  return combine(parts, op).contiguous();
}

ncclResult_t begin(const char* name, const char* function, cudaStream_t stream) {
  if (takes_fault(function)) { return ncclSystemError; }
  note(name, stream);
  count(&Counts::collectives);
  return ncclSuccess;
}

}  // namespace

ncclResult_t ncclGetVersion(int* version) {
  *version = NCCL_VERSION_CODE;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  if (takes_fault("ncclGetUniqueId")) { return ncclSystemError; }
  std::memset(id, 1, sizeof(*id));
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int ranks, ncclUniqueId, int rank, ncclConfig_t* config) {
  note(config->blocking == 1 ? "init_blocking" : "init_nonblocking", nullptr);
  if (takes_fault("ncclCommInitRankConfig")) { return ncclSystemError; }
  auto* const made = new ncclComm{.ranks = MPI_COMM_NULL, .rank = rank, .size = ranks};
  MPI_Comm_dup(MPI_COMM_WORLD, &made->ranks);
  *comm = made;
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t) {
  note("finalize", nullptr);
  return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  note("destroy", nullptr);
  MPI_Comm_free(&comm->ranks);
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  note("abort", nullptr);
  delete comm;
  return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t, ncclResult_t* state) {
  *state = static_cast<ncclResult_t>(nccl_async_error());
  return ncclSuccess;
}

const char* ncclGetErrorString(ncclResult_t code) {
  return code == ncclRemoteError ? "remote process exited or there was a network error" : "unhandled system error";
}
const char* ncclGetLastError(ncclComm_t) { return "a fault that a test asked for"; }

ncclResult_t ncclAllReduce(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream) {
  if (const auto code = begin("all_reduce", "ncclAllReduce", stream); code != ncclSuccess) { return code; }
  const auto sum = reduce(from, count, type, op, comm);
  std::memcpy(to, sum.const_data_ptr(), sum.nbytes());
  return ncclSuccess;
}

ncclResult_t ncclBroadcast(const void* from, void* to, size_t count, ncclDataType_t type, int root, ncclComm_t comm,
                           cudaStream_t stream) {
  if (const auto code = begin("broadcast", "ncclBroadcast", stream); code != ncclSuccess) { return code; }
  if (comm->rank == root && from != to) { std::memcpy(to, from, bytes_of(count, type)); }
  MPI_Bcast(to, static_cast<int>(bytes_of(count, type)), MPI_BYTE, root, comm->ranks);
  return ncclSuccess;
}

ncclResult_t ncclAllGather(const void* from, void* to, size_t count, ncclDataType_t type, ncclComm_t comm,
                           cudaStream_t stream) {
  if (const auto code = begin("all_gather", "ncclAllGather", stream); code != ncclSuccess) { return code; }
  const auto all = gather(from, bytes_of(count, type), comm);
  std::memcpy(to, all.data(), all.size());
  return ncclSuccess;
}

ncclResult_t ncclReduceScatter(const void* from, void* to, size_t count, ncclDataType_t type, ncclRedOp_t op,
                               ncclComm_t comm, cudaStream_t stream) {
  if (const auto code = begin("reduce_scatter", "ncclReduceScatter", stream); code != ncclSuccess) { return code; }
  const auto sum = reduce(from, count * static_cast<size_t>(comm->size), type, op, comm);
  const size_t mine = bytes_of(count, type);
  std::memcpy(to, static_cast<const char*>(sum.const_data_ptr()) + mine * static_cast<size_t>(comm->rank), mine);
  return ncclSuccess;
}
