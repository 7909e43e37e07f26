#pragma once

#include <string>
#include <vector>

namespace realface::distributed {

/// The cores that this process may run on (sched_getaffinity), which a launcher or a container may have narrowed.
std::vector<int> allowed_cores();

/// How many cores fall to rank `mine` where the ranks of a node may run on these sets: each core is divided among the
/// ranks that may use it. At least 1.
int share_of_cores(const std::vector<std::vector<int>>& sets, size_t mine);

/// "0,1,2" and back, to pass sets between ranks.
std::string text_of_cores(const std::vector<int>& cores);
std::vector<int> cores_of_text(const std::string& text);

}  // namespace realface::distributed
