#include "distributed/joining/cores.h"

#include <sched.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <thread>

namespace realface::distributed {

std::vector<int> allowed_cores() {
  std::vector<int> cores;
  // Machines may have more cores than a cpu_set_t holds; the kernel then refuses the small set.
  constexpr size_t kMost = 16384;
  cpu_set_t* set = CPU_ALLOC(kMost);
  const size_t bytes = CPU_ALLOC_SIZE(kMost);
  if (sched_getaffinity(0, bytes, set) == 0) {
    for (size_t core = 0; core < kMost; ++core) {
      if (CPU_ISSET_S(core, bytes, set)) { cores.push_back(static_cast<int>(core)); }
    }
  }
  CPU_FREE(set);
  if (cores.empty()) {
    for (unsigned core = 0; core < std::max(1u, std::thread::hardware_concurrency()); ++core) {
      cores.push_back(static_cast<int>(core));
    }
  }
  return cores;
}

int share_of_cores(const std::vector<std::vector<int>>& sets, size_t mine) {
  std::map<int, int> users;
  for (const auto& set : sets) {
    for (const int core : set) { ++users[core]; }
  }
  double share = 0;
  for (const int core : sets.at(mine)) { share += 1.0 / users[core]; }
  // Thirds and sixths of cores must not lose one to rounding.
  return std::max(1, static_cast<int>(share + 1e-6));
}

std::string text_of_cores(const std::vector<int>& cores) {
  std::string text;
  for (const int core : cores) {
    if (!text.empty()) { text += ","; }
    text += std::to_string(core);
  }
  return text;
}

std::vector<int> cores_of_text(const std::string& text) {
  std::vector<int> cores;
  std::istringstream stream(text);
  for (std::string core; std::getline(stream, core, ',');) { cores.push_back(std::stoi(core)); }
  return cores;
}

}  // namespace realface::distributed
