#include "models/exporting/export.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "models/exporting/targets.h"

namespace realface::models {
namespace {

Exported as_it_is(const Tensors& network, const nlohmann::json& description) {
  Exported exported;
  exported.file.tensors = network;
  if (!description.is_null()) { exported.file.metadata["description"] = description.dump(); }
  return exported;
}

struct Target {
  const char *name, *what;
  Exported (*make)(const Tensors& network, const nlohmann::json& description);
};

constexpr std::array<Target, 4> kTargets{{
    {"safetensors", "any network by our names, for every key that takes weights", as_it_is},
    {"torch", "likewise, as torch.save writes it", as_it_is},
    {"timm", "mae (its encoder), vit, xception", exporting::for_timm},
    {"transformers", "mae (ViTMAEForPreTraining), video_mae (VideoMAEForPreTraining), with a config.json",
     exporting::for_transformers},
}};

}  // namespace

std::vector<ExportTarget> export_targets() {
  std::vector<ExportTarget> targets;
  for (const auto& target : kTargets) { targets.push_back({target.name, target.what}); }
  return targets;
}

Exported export_weights(const Tensors& network, const nlohmann::json& description, const std::string& target) {
  const auto* found = std::ranges::find(kTargets, target, &Target::name);
  if (found != kTargets.end()) { return found->make(network, description); }
  std::string known;
  for (const auto& one : kTargets) { known += (known.empty() ? "" : ", ") + std::string(one.name); }
  throw Error(fmt::format("[export] there is no target '{}'; known are {}", target, known));
}

}  // namespace realface::models
