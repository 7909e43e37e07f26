#pragma once

#include <memory>
#include <string>

#include "cluster/metrics/collector.h"

namespace realface::cluster {

/// This rank's HTTP server for /metrics, on a thread of its own.
class Endpoint {
 public:
  /// port 0: any free one. Throws Error that names address and port where it cannot be bound.
  Endpoint(const std::string& address, int port, const Identity& identity);
  ~Endpoint();
  int port() const;

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::cluster
