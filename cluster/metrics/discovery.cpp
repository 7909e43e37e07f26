#include "cluster/metrics/discovery.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "distributed/agreement.h"

namespace realface::cluster {
namespace fs = std::filesystem;
namespace {

/// The path where the text now is, or an empty one after a warning.
fs::path publish(const fs::path& path, const std::string& text) {
  try {
    make_folder(path.parent_path());
    publish_file(path, text);
    return path;
  } catch (const Error& error) {
    log::warn(error.what());
    return {};
  }
}

std::string file_stem(std::string run_id) {
  std::replace_if(
      run_id.begin(), run_id.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '_' && c != '-'; }, '_');
  return run_id.empty() ? "run" : run_id;
}

std::string target(const MetricsConfig& config, const std::string& host, int port) {
  if (port < 0) { return ""; }
  const bool everywhere = config.address == "0.0.0.0" || config.address == "::";
  const std::string& place = everywhere ? host : config.address;
  const bool brackets = place.find(':') != std::string::npos;  // of IPv6: the port begins at the last colon
  return (brackets ? '[' + place + ']' : place) + ':' + std::to_string(port);
}

std::string targets_text(const std::vector<std::string>& all, const std::string& run_id) {
  nlohmann::json targets = nlohmann::json::array();
  for (const auto& one : all) {
    if (!one.empty()) { targets.push_back(one); }
  }
  const nlohmann::json labels = {{"job", "realface"}, {"run_id", run_id}};
  nlohmann::json groups = nlohmann::json::array();
  groups.push_back({{"targets", targets}, {"labels", labels}});
  return groups.dump(1) + '\n';
}

}  // namespace

int local_index(distributed::Communicator& host_group, const std::string& host) {
  const auto hosts = distributed::gather_strings(host_group, host);
  return static_cast<int>(std::count(hosts.begin(), hosts.begin() + host_group.rank(), host));
}

Discovery::Discovery(const MetricsConfig& config, const fs::path& run_dir, const std::string& run_id,
                     distributed::Communicator& host_group, const std::string& host, int port) {
  const auto all = distributed::gather_strings(host_group, target(config, host, port));
  if (port >= 0) {
    const auto name = "rank-" + std::to_string(host_group.rank()) + ".port";
    port_file_ = publish(run_dir / "metrics" / name, std::to_string(port) + '\n');
  }
  const bool any = std::any_of(all.begin(), all.end(), [](const std::string& one) { return !one.empty(); });
  if (host_group.rank() == 0 && any) {
    targets_file_ = publish(run_dir / "prometheus" / (file_stem(run_id) + ".json"), targets_text(all, run_id));
  }
}

Discovery::~Discovery() {
  std::error_code ignored;
  if (!port_file_.empty()) { fs::remove(port_file_, ignored); }
  if (!targets_file_.empty()) { fs::remove(targets_file_, ignored); }
}

}  // namespace realface::cluster
