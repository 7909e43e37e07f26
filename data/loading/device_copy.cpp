#include "data/loading/device_copy.h"

#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <optional>

namespace realface::data {

// libtorch's own device-neutral streams and events: one source serves builds with and without CUDA.
struct DeviceCopy::Members {
  c10::impl::VirtualGuardImpl device;
  c10::Stream stream;
};

class DeviceCopy::Flight {
 public:
  std::vector<torch::Tensor> tensors;
  std::optional<c10::Event> arrived;
};

DeviceCopy::DeviceCopy(torch::Device device) : device_(device) {
  if (device.is_cpu()) { return; }
  const c10::impl::VirtualGuardImpl guard(device.type());
  members_ = std::make_unique<Members>(Members{guard, guard.getStreamFromGlobalPool(device)});
}

DeviceCopy::~DeviceCopy() = default;

std::shared_ptr<DeviceCopy::Flight> DeviceCopy::start(const std::vector<torch::Tensor>& sources) {
  auto flight = std::make_shared<Flight>();
  if (!members_) {
    flight->tensors = sources;
    return flight;
  }
  const c10::StreamGuard guard(members_->stream);
  for (const torch::Tensor& source : sources) {
    flight->tensors.push_back(source.defined() ? source.to(device_, /*non_blocking=*/true) : source);
  }
  flight->arrived.emplace(device_.type());
  flight->arrived->record(members_->stream);
  return flight;
}

std::vector<torch::Tensor> DeviceCopy::finish(Flight& flight) {
  if (members_) {
    const c10::Stream current = members_->device.getStream(device_);
    flight.arrived->block(current);
    // Their memory belongs to the copy stream: it must not be used again before the current stream is done with it.
    for (const torch::Tensor& tensor : flight.tensors) {
      if (tensor.defined()) { tensor.record_stream(current); }
    }
  }
  return std::move(flight.tensors);
}

void DeviceCopy::land(Flight& flight) {
  if (members_) { flight.arrived->synchronize(); }
}

}  // namespace realface::data
