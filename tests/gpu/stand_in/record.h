#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// What a test sees of the stand-in: a GPU in host memory, for machines that have none. cuda_*.cpp are the CUDA
/// runtime that libtorch's own streams, events and caching allocator then call; operators.cpp computes libtorch's
/// operators by their CPU kernels; nccl.h is NCCL over MPI. A program has such GPUs if it is linked with
/// gpu_stand_in, as many as REALFACE_STAND_IN_GPUS says (1). Everything may be called by any thread.
///
/// Kernels end at once, but what a copy brings to the host is there only after the program has waited for it, on the
/// stream, an event or the device: one that reads too early reads what was there before.
namespace realface::stand_in {

/// What was asked of the runtime and of NCCL since the last forget().
struct Counts {
  int64_t device_allocations = 0;  // cudaMalloc: libtorch's allocator has no block left that fits
  int64_t host_allocations = 0;    // of pinned memory
  int64_t copies_to_device = 0;
  int64_t copies_to_host = 0;
  int64_t waits = 0;  // of the host: on a stream, an event or the device, and for copies of memory that is not pinned
  int64_t kernels = 0;
  int64_t collectives = 0;
};
Counts counts();

/// Names of calls in order, of those that put something on a stream or wait: "all_reduce@3" on the third stream,
/// "record@0", "wait_event@3", "stream_synchronize@0". 0 is the default stream; others are numbered as they are first
/// used after forget(). At most 100,000 of them.
std::vector<std::string> calls();

/// Faults that the host found in the program: memory that a copy had not yet read when it was changed.
std::vector<std::string> hazards();

/// Empties all of the above.
void forget();

/// The next call of that name ("ncclCommInitRankConfig", "ncclAllReduce", "cudaEventQuery", "cudaMalloc") fails,
/// or, for `hangs`, never returns; every later one does too, until end_faults().
enum class Fault { fails, hangs };
void make_fail(const std::string& function, Fault fault);
void end_faults();
/// Whether every stream says that a graph is being captured. To query an event is a hazard then, unless the thread that
/// does so has left the global capture mode.
void set_capturing(bool capturing);
/// What ncclCommGetAsyncError finds: 0 for none, else a ncclResult_t.
void set_nccl_async_error(int code);

}  // namespace realface::stand_in
