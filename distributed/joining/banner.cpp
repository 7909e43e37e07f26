#include "distributed/joining/banner.h"

#include <ATen/Context.h>
#include <ATen/Version.h>
#include <torch/version.h>
#include <unistd.h>

#include <map>
#include <regex>

#include "base/kernels.h"
#include "distributed/agreement.h"
#include "distributed/nccl/devices.h"

namespace realface::distributed {
namespace {

std::string blas() {
  const std::string config = at::show_config();
  std::smatch match;
  return std::regex_search(config, match, std::regex("BLAS_INFO=([^, ]+)")) ? match[1].str() : "unknown BLAS";
}

/// "0-3, 5" of 0, 1, 2, 3, 5.
std::string ranges(const std::vector<size_t>& ranks) {
  std::string text;
  for (size_t i = 0; i < ranks.size();) {
    size_t last = i;
    while (last + 1 < ranks.size() && ranks[last + 1] == ranks[last] + 1) { ++last; }
    if (!text.empty()) { text += ", "; }
    text += std::to_string(ranks[i]);
    if (last > i) { text.append("-").append(std::to_string(ranks[last])); }
    i = last + 1;
  }
  return text;
}

std::string rank_line(const RankFacts& mine) {
  std::string device = "cpu";
  if (mine.device.is_cuda()) { device = mine.device.str() + " " + device_name(mine.device.index()); }
  return "on " + mine.host + ": " + device + ", " + std::to_string(mine.threads) + " threads, " +
         std::to_string(mine.cores) + " cores";
}

std::string warning_of(const RankFacts& mine) {
  const std::string remedy = "; start with `mpirun --bind-to none` or more --cpus-per-task";
  if (mine.threads > mine.cores) {
    return "have " + std::to_string(mine.cores) + " cores for " + std::to_string(mine.threads) + " threads each" +
           remedy + ", or set world.threads";
  }
  // mpirun binds each of one or two ranks to a core of its own unless told otherwise.
  const auto fair = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)) / mine.local_size;
  if (2 * mine.cores > fair) { return ""; }
  return "may use " + std::to_string(mine.cores) + " of the " + std::to_string(fair) +
         " cores that would fall to a rank here" + remedy;
}

/// The distinct non-empty texts, each with the ranks that gave it, in the order of their first rank.
std::vector<std::string> grouped(const std::vector<std::string>& texts, const std::string& prefix) {
  std::map<std::string, std::vector<size_t>> ranks;
  for (size_t rank = 0; rank < texts.size(); ++rank) { ranks[texts[rank]].push_back(rank); }
  std::vector<std::string> lines;
  for (size_t rank = 0; rank < texts.size(); ++rank) {
    const auto& users = ranks[texts[rank]];
    if (!texts[rank].empty() && users.front() == rank) {
      lines.push_back(prefix + (users.size() > 1 ? "ranks " : "rank ") + ranges(users) + " " + texts[rank]);
    }
  }
  return lines;
}

}  // namespace

std::string banner_of(Communicator& host_group, const RankFacts& mine, const std::string& mpi_library) {
  const std::string gpu_libraries = device_libraries();
  std::string text = std::to_string(host_group.size()) + (host_group.size() > 1 ? " ranks" : " rank") + "; libtorch " +
                     TORCH_VERSION + ", " + mpi_library + ", " + blas() +
                     (chosen_kernels() == Kernels::libtorch ? ", kernels default" : ", kernels auto") +
                     (gpu_libraries.empty() ? "" : ", ") + gpu_libraries;
  for (const auto& line : grouped(gather_strings(host_group, rank_line(mine)), "")) { text.append("\n").append(line); }
  for (const auto& line : grouped(gather_strings(host_group, warning_of(mine)), "warning: ")) {
    text.append("\n").append(line);
  }
  return text;
}

}  // namespace realface::distributed
