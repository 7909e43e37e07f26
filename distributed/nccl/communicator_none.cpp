#include "distributed/nccl/communicator.h"

namespace realface::distributed {

std::unique_ptr<Communicator> make_nccl_communicator(Communicator& host, const NcclCommunicatorConfig&,
                                                     std::shared_ptr<CollectiveLog>) {
  throw CommunicatorError("[nccl] " + whereabouts(host.rank()) +
                          ": this build has no NCCL; build it with `make build CUDA=1`, or set world.device=cpu");
}

}  // namespace realface::distributed
