#include "checkpoints/measures.h"

#include <array>

#include "base/telemetry.h"

namespace realface::checkpoints {
namespace {

constexpr std::array<const char*, 8> kBounds = {"0.01", "0.04", "0.16", "0.64", "2.56", "10.24", "40.96", "163.84"};

}  // namespace

void observe_seconds(const std::string& name, double seconds) {
  const std::string base = "checkpoint_" + name + "_seconds";
  for (const char* bound : kBounds) {
    telemetry::counter(base + "_bucket{le=\"" + bound + "\"}").add(seconds <= std::stod(bound) ? 1 : 0);
  }
  telemetry::counter(base + "_sum").add(seconds);
  telemetry::counter(base + "_count").add(1);
}

void count_result(const std::string& result) {
  telemetry::counter("checkpoint_total{result=\"" + result + "\"}").add(1);
}

void announce_measures() {
  for (const char* result : {"saved", "failed", "no_room"}) {
    telemetry::counter(std::string("checkpoint_total{result=\"") + result + "\"}").add(0);
  }
  for (const char* name : {"stall", "write"}) {
    const std::string base = std::string("checkpoint_") + name + "_seconds";
    for (const char* bound : kBounds) { telemetry::counter(base + "_bucket{le=\"" + bound + "\"}").add(0); }
    telemetry::counter(base + "_sum").add(0);
    telemetry::counter(base + "_count").add(0);
  }
  telemetry::counter("checkpoint_verify_failures_total").add(0);
  for (const char* name : {"checkpoint_bytes", "checkpoint_last_success_timestamp_seconds", "checkpoint_free_bytes"}) {
    telemetry::gauge(name);
  }
}

}  // namespace realface::checkpoints
