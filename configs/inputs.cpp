#include "configs/inputs.h"

#include <algorithm>
#include <filesystem>

#include "base/sha256.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/manifest.h"
#include "configs/leaks.h"
#include "configs/tested.h"
#include "data/shards/manifest.h"

namespace realface::configs {
namespace {

bool has_manifest(const std::filesystem::path& folder) { return std::filesystem::exists(folder / data::kManifestName); }

}  // namespace

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
  for (const auto& [name, folders] : sets_of(config)) {
    if (std::ranges::all_of(folders.paths(), has_manifest)) {
      inputs[folders.text()] = data::Manifest::load(folders).digest();
    }
  }
  return inputs;
}

}  // namespace realface::configs
