#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/util/Exception.h>

#include <atomic>

#include "distributed/nccl/device_meter.h"

namespace realface::distributed {
namespace {

/// Counts libtorch's warnings of waiting; passes on all others.
class WaitCounter final : public c10::WarningHandler {
 public:
  explicit WaitCounter(c10::WarningHandler& next) : next_(next) {}
  void process(const c10::Warning& warning) override {
    if (warning.msg().find("synchronizing CUDA operation") != std::string::npos) {
      ++waits_;
    } else {
      next_.process(warning);
    }
  }
  int64_t waits() const { return waits_; }

 private:
  c10::WarningHandler& next_;
  std::atomic<int64_t> waits_{0};
};

}  // namespace

struct DeviceMeter::Members {
  explicit Members(c10::DeviceIndex index)
      : device(index),
        allocated(stats().num_device_alloc),
        counter(*c10::WarningUtils::get_warning_handler()),
        guard(&counter) {
    c10::cuda::CUDACachingAllocator::resetPeakStats(device);
    c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_WARN);
  }
  ~Members() { c10::cuda::warning_state().set_sync_debug_mode(c10::cuda::SyncDebugMode::L_DISABLED); }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  c10::CachingDeviceAllocator::DeviceStats stats() const {
    return c10::cuda::CUDACachingAllocator::getDeviceStats(device);
  }

  const c10::DeviceIndex device;
  const int64_t allocated;
  WaitCounter counter;
  const c10::WarningUtils::WarningHandlerGuard guard;
};

DeviceMeter::DeviceMeter(torch::Device device) {
  if (device.is_cuda()) { members_ = std::make_unique<Members>(device.index()); }
}
DeviceMeter::~DeviceMeter() = default;

DeviceCosts DeviceMeter::costs() const {
  if (members_ == nullptr) { return {}; }
  const auto now = members_->stats();
  constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return {.allocations = now.num_device_alloc - members_->allocated,
          .waits = members_->counter.waits(),
          .peak_bytes = now.allocated_bytes[kAll].peak};
}

}  // namespace realface::distributed
