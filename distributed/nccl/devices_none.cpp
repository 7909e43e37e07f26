#include "base/error.h"
#include "distributed/nccl/devices.h"

namespace realface::distributed {
namespace {

[[noreturn]] void refuse() { throw Error("[world] " + why_no_devices()); }

}  // namespace

int device_count() { return 0; }
std::string why_no_devices() {
  return "this build has no GPU support; build it with `make build CUDA=1`, or set world.device=cpu";
}
std::string device_uuid(int) { refuse(); }
std::string device_name(int) { refuse(); }
void bind_device(int) { refuse(); }
std::string device_libraries() { return ""; }

}  // namespace realface::distributed
