#pragma once

#include <torch/types.h>
#include <memory>

#include "distributed/communicator.h"
#include "distributed/watchdog/collective_log.h"

namespace realface::distributed {

struct NcclCommunicatorConfig {
  int device = 0;         // index of this rank's GPU
  double deadline = 600;  // seconds to connect in
};

/// All ranks of `host`, for GPU tensors: NCCL on a stream of its own that waits for the current one by event. `host`
/// carries the unique id. It is connected in a thread of its own, so that a deadline holds; another watches for
/// asynchronous errors, after which it aborts, and for the end of collectives. Collective. Throws CommunicatorError; in
/// a build without NCCL, always.
std::unique_ptr<Communicator> make_nccl_communicator(Communicator& host, const NcclCommunicatorConfig& config,
                                                     std::shared_ptr<CollectiveLog> log = nullptr);

}  // namespace realface::distributed
