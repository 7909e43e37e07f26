#include "configs/inputs.h"

#include <filesystem>

#include "base/sha256.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/manifest.h"
#include "configs/leaks.h"
#include "configs/tested.h"
#include "data/shards/manifest.h"

namespace realface::configs {

nlohmann::json inputs_of(const Config& config) {
  auto inputs = nlohmann::json::object();
  if (config.stage != "evaluate") { return inputs; }
  for (const auto& path : weights_of(config)) {
    const checkpoints::Folder folder(path);
    const auto steps = folder.steps();
    if (steps.empty()) { continue; }
    const auto manifest = folder.step(steps.front()) / checkpoints::kManifestName;
    if (std::filesystem::exists(manifest)) { inputs[path] = hex(sha256_file(manifest.string())); }
  }
  for (const auto& [name, folder] : sets_of(config)) {
    if (std::filesystem::exists(std::filesystem::path(folder) / data::kManifestName)) {
      inputs[folder] = data::Manifest::load(folder).digest();
    }
  }
  return inputs;
}

}  // namespace realface::configs
