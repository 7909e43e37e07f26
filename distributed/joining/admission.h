#pragma once

#include <functional>
#include <string>
#include <vector>

namespace realface::distributed {

/// What World::join refuses, each with one line that says what to do. Pure, so that tests reach every refusal.

/// Throws ConfigError if `size` is 1 but the environment promised several tasks: then each of them is a rank 0 of 1.
/// `environment` is getenv.
void check_promised_tasks(int size, const std::function<const char*(const char*)>& environment);

/// What a rank computes on; `uuid` is empty on the CPU.
struct RankDevice {
  std::string host, uuid;
};

/// Throws ConfigError if two ranks share a GPU, or some ranks have one and others have none.
void check_devices(const std::vector<RankDevice>& devices);

}  // namespace realface::distributed
