#include "stages/training/saved.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <functional>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/tensor_dtypes.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/layout.h"
#include "checkpoints/restore.h"
#include "checkpoints/verify.h"
#include "distributed/agreement.h"
#include "models/set.h"

namespace realface::stages {
namespace {

namespace fs = std::filesystem;

int64_t newest_intact(const fs::path& run_dir) {
  const checkpoints::Folder checkpoint_folder(run_dir);
  for (const int64_t step : checkpoint_folder.steps()) {
    const auto faults = checkpoints::folder_faults(checkpoint_folder.step(step));
    if (faults.empty()) { return step; }
    log::warn(fmt::format("[{}] skipping step {}: {}", run_dir.string(), step, faults.front()));
  }
  throw CheckpointError(fmt::format(
      "[{}] holds no intact checkpoint; expected a run folder with checkpoints, a folder step-N of one, or a safetensors file",
      run_dir.string()));
}

std::string digest_of(const fs::path& folder, const checkpoints::Manifest& manifest, const std::string& part) {
  std::map<std::string, torch::Tensor> tensors;
  std::vector<checkpoints::OwnedSlice> slices;
  for (const auto& piece : manifest.pieces) {
    if (piece.part != part || tensors.contains(piece.name)) { continue; }
    tensors[piece.name] = at::empty(piece.global_shape, dtype_of(piece.dtype));
    slices.push_back({part, replicated(piece.name, tensors[piece.name])});
  }
  checkpoints::load_tensors(folder, manifest, slices);
  return models::weights_sha256(tensors);
}

/// What rank 0 finds in the network's checkpoint, on every rank.
std::string found_by_first(const fs::path& path, const std::string& network, distributed::Communicator& host,
                           const std::function<std::string(const fs::path&, const checkpoints::Manifest&)>& find) {
  const auto folder = checkpoint_folder(path, host);
  std::string found;
  distributed::agree(host, "weights", [&] {
    if (host.rank() != 0) { return; }
    if (folder.empty()) {
      throw Error(
          fmt::format("[{}] is no folder; expected the run or checkpoint that trained '{}'", path.string(), network));
    }
    const auto manifest = checkpoints::read_manifest(folder);
    require_network(folder, manifest, network);
    found = find(folder, manifest);
  });
  return distributed::broadcast_string(host, found);
}

}  // namespace

std::string saved_part(const std::string& network) { return "model." + network; }

fs::path checkpoint_folder(const fs::path& path, distributed::Communicator& host) {
  std::string step;
  distributed::agree(host, "weights", [&] {
    if (host.rank() != 0 || !fs::is_directory(path)) { return; }
    step = fs::exists(path / checkpoints::kManifestName) ? "." : std::to_string(newest_intact(path));
  });
  step = distributed::broadcast_string(host, step);
  if (step.empty()) { return {}; }
  return step == "." ? path : checkpoints::Folder(path).step(std::stoll(step));
}

fs::path chosen_weights(const fs::path& path, distributed::Communicator& host) {
  const auto folder = checkpoint_folder(path, host);
  return folder.empty() ? path : folder;
}

void require_network(const fs::path& folder, const checkpoints::Manifest& manifest, const std::string& network) {
  if (manifest.values.contains(saved_part(network))) { return; }
  if (const auto frozen = manifest.values.find("frozen." + network); frozen != manifest.values.end()) {
    throw CheckpointError(fmt::format(
        "[{}] holds no weights of network '{}', which was not trained there; give those that it was given: {}",
        folder.string(), network, frozen->second.value("source", "an unknown place")));
  }
  throw CheckpointError(
      fmt::format("[{}] holds no network '{}'; give the run that trained one", folder.string(), network));
}

bool holds_network(const fs::path& path, const std::string& network, distributed::Communicator& host) {
  const auto folder = checkpoint_folder(path, host);
  std::string found;
  distributed::agree(host, "weights", [&] {
    if (host.rank() != 0 || folder.empty()) { return; }
    if (checkpoints::read_manifest(folder).values.contains(saved_part(network))) { found = "yes"; }
  });
  return !distributed::broadcast_string(host, found).empty();
}

std::vector<std::string> saved_networks(const fs::path& path, distributed::Communicator& host) {
  const auto folder = checkpoint_folder(path, host);
  auto names = nlohmann::json::array();
  distributed::agree(host, "weights", [&] {
    if (host.rank() != 0 || folder.empty()) { return; }
    const auto prefix = saved_part("");
    for (const auto& [part, value] : checkpoints::read_manifest(folder).values) {
      if (part.starts_with(prefix)) { names.push_back(part.substr(prefix.size())); }
    }
  });
  return nlohmann::json::parse(distributed::broadcast_string(host, names.dump()));
}

std::string saved_sha256(const fs::path& path, const std::string& network, distributed::Communicator& host) {
  return found_by_first(path, network, host, [&](const fs::path& folder, const checkpoints::Manifest& manifest) {
    return digest_of(folder, manifest, saved_part(network));
  });
}

nlohmann::json saved_provenance(const fs::path& path, const std::string& network, distributed::Communicator& host) {
  const auto find = [](const fs::path&, const checkpoints::Manifest& manifest) {
    const auto& made = manifest.provenance;
    return nlohmann::json({{"config", made.config},
                           {"dataset_digest", made.dataset_digest},
                           {"code_version", made.code_version},
                           {"seed", made.seed},
                           {"step", manifest.step}})
        .dump();
  };
  return nlohmann::json::parse(found_by_first(path, network, host, find));
}

nlohmann::json saved_crops(const fs::path& path, const std::string& network, distributed::Communicator& host) {
  const auto folder = checkpoint_folder(path, host);
  if (folder.empty()) { return nlohmann::json::object(); }
  return nlohmann::json::parse(found_by_first(
      folder, network, host,
      [](const fs::path&, const checkpoints::Manifest& manifest) { return manifest.provenance.crops.dump(); }));
}

void require_same_crops(const fs::path& weights, const std::string& network, const nlohmann::json& trained,
                        const nlohmann::json& here, distributed::Communicator& host) {
  distributed::agree(host, "crops", [&] {
    if (host.rank() != 0) { return; }
    std::string faults;
    for (const auto& [key, value] : trained.items()) {
      if (!here.contains(key) || here.at(key) == value) { continue; }
      const auto fact = fmt::format("{} {} (here {})", key, value.dump(), here.at(key).dump());
      if (key == "compression") {
        log::warn(fmt::format("[data.shards] '{}' of {} was trained on {}", network, weights.string(), fact));
      } else {
        faults += (faults.empty() ? "" : ", ") + fact;
      }
    }
    if (faults.empty()) { return; }
    throw ConfigError(fmt::format(
        "[data.shards] the faces were cut out in another way than those that '{}' of {} was trained on: {}; preprocess "
        "them alike, or give data.crops=any",
        network, weights.string(), faults));
  });
}

nlohmann::json saved_frozen(const fs::path& path, const std::string& network, const std::string& frozen,
                            distributed::Communicator& host) {
  const auto find = [&](const fs::path&, const checkpoints::Manifest& manifest) {
    const auto found = manifest.values.find("frozen." + frozen);
    return found == manifest.values.end() ? "null" : found->second.dump();
  };
  return nlohmann::json::parse(found_by_first(path, network, host, find));
}

nlohmann::json saved_description(const fs::path& path, const std::string& network, distributed::Communicator& host) {
  const auto text =
      found_by_first(path, network, host, [&](const fs::path& folder, const checkpoints::Manifest& manifest) {
        const auto& saved = manifest.values.at(saved_part(network));
        if (saved.contains("description")) { return saved.at("description").dump(); }
        throw Error(
            fmt::format("[{}] does not say what network '{}' is: an older program wrote it", folder.string(), network));
      });
  return nlohmann::json::parse(text);
}

}  // namespace realface::stages
