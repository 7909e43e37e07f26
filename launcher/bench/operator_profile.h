#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace realface::launcher {

/// Times libtorch's operators while it lives: each without the operators that it calls. On a GPU that is the time to
/// launch them, and the one that reads a number waits for all. One at a time; made and destroyed while no operator is
/// running; of all threads together.
class OperatorProfile {
 public:
  OperatorProfile();
  ~OperatorProfile();
  OperatorProfile(const OperatorProfile&) = delete;
  OperatorProfile& operator=(const OperatorProfile&) = delete;

  /// Seconds by name. Call it when no operator is running.
  std::map<std::string, double> seconds() const;

 private:
  uint64_t callback_;
};

}  // namespace realface::launcher
