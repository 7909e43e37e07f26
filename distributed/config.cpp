#include "base/settings.h"
#include "distributed/world.h"

namespace realface::distributed {

void fields(Visitor& v, WorldConfig& c) {
  v.field(may_change("device"), c.device, {"auto", "cpu", "cuda"});
  v.field(may_change("nccl"), c.nccl, {"auto", "always"});
  v.field(may_change("kernels"), c.kernels, {"auto", "default"});
  v.field(may_change("tf32"), c.tf32);
  v.field(may_change("deterministic"), c.deterministic);
  v.field(may_change("threads"), c.threads, within(0, 4096));
  v.field(may_change("deadline"), c.deadline, above_up_to(0, kMaxDeadline));
  v.field(may_change("join_deadline"), c.join_deadline, above_up_to(0, kMaxDeadline));
}

}  // namespace realface::distributed
