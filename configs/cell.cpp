#include "configs/cell.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "configs/fields.h"
#include "configs/leaks.h"
#include "configs/skimmer.h"

namespace realface::configs {
namespace {

/// The keys that say whose fakes are learned from.
class MethodKeys final : public Skimmer {
 public:
  void methods(const Key& key, std::vector<std::string>& values) override { found[dotted(key)] = values; }

  std::map<std::string, std::vector<std::string>> found;
};

/// With their values.
std::map<std::string, std::vector<std::string>> method_keys(Config& config) {
  MethodKeys keys;
  fields(keys, config);
  return keys.found;
}

/// Replaces references to the run folders of entries that were moved.
class MovedWeights final : public Skimmer {
 public:
  explicit MovedWeights(const std::map<std::string, std::string>& moved) : moved_(moved) {}

  void weights(const Key&, std::string& value) override {
    if (const auto found = moved_.find(value); found != moved_.end()) { value = found->second; }
  }

 private:
  const std::map<std::string, std::string>& moved_;
};

/// The keys of all entries that the protocol sets; one that is also given would say nothing.
std::set<std::string> keys_to_set(const Protocol& protocol) {
  std::set<std::string> keys;
  for (auto& config : load_system({protocol.system, protocol.overrides}, Completeness::for_reading)) {
    for (const auto& [key, values] : method_keys(config)) { keys.insert(key); }
  }
  Faults faults;
  for (const auto& text : protocol.overrides) {
    if (!keys.contains(text.substr(0, text.find('=')))) { continue; }
    faults.add("'" + text + "'", "the protocol sets this key from `methods`; remove it");
  }
  if (keys.empty()) {
    faults.add(protocol.system,
               "no stage of this system learns from fakes of chosen methods, so the protocol cannot "
               "choose them; expected a stage with train.methods or meta.domains");
  }
  faults.raise();
  return keys;
}

std::vector<Config> load_entries(const Protocol& protocol, const Cell& cell) {
  auto overrides = protocol.overrides;
  overrides.push_back("seed=" + std::to_string(cell.seed));
  overrides.push_back("run.dir=" + cell.folder(protocol));
  if (!cell.trained_on.empty()) {
    for (const auto& key : keys_to_set(protocol)) {
      overrides.push_back(fmt::format("{}=[{}]", key, fmt::join(cell.trained_on, ",")));
    }
  }
  return load_system({protocol.system, overrides});
}

/// Moves what is the same in all cells of the seed into a folder of its own.
std::vector<CellEntry> shared_out(const Protocol& protocol, const Cell& cell, std::vector<Config> configs) {
  const auto shared_folder = Cell{cell.seed, kSharedCell, {}}.folder(protocol);
  std::map<std::string, std::string> moved;
  std::vector<CellEntry> entries;
  for (auto& config : configs) {
    const auto folder = config.run.dir;
    MovedWeights references(moved);
    fields(references, config);
    const auto weights = weights_of(config);
    const bool builds_on_own =
        std::ranges::any_of(weights, [&](const auto& path) { return path.starts_with(cell.folder(protocol) + "/"); });
    const bool shared = protocol.per_method() && method_keys(config).empty() && !builds_on_own;
    if (shared) {
      config.run.dir = shared_folder + "/" + config.name;
      moved[folder] = config.run.dir;
    }
    entries.push_back({std::move(config), shared});
  }
  return entries;
}

/// NAME.train.methods, which counts more than what the protocol sets for all entries.
void refuse_own_methods(Config& config, const Cell& cell, Faults& faults) {
  for (const auto& [key, values] : method_keys(config)) {
    if (values == cell.trained_on) { continue; }
    faults.add("entry " + config.name,
               fmt::format("{} is [{}], but the protocol sets it to [{}] here; remove {}.{}", key,
                           fmt::join(values, ", "), fmt::join(cell.trained_on, ", "), config.name, key));
  }
}

}  // namespace

std::vector<CellEntry> load_cell(const Protocol& protocol, const Cell& cell) {
  auto entries = shared_out(protocol, cell, load_entries(protocol, cell));
  std::set<std::string> own;  // what they hold of another protocol, configs::refuse_other_run says
  for (const auto& entry : entries) { own.insert(entry.config.run.dir); }
  Faults faults;
  if (std::ranges::none_of(entries, [](const auto& entry) { return entry.config.stage == "evaluate"; })) {
    faults.add(protocol.system, "this system has no entry of `stage: evaluate`, so nothing would be tested");
  }
  for (auto& entry : entries) {
    if (protocol.kind == "cross-dataset" && entry.config.stage == "evaluate" && entry.config.data.sets.empty()) {
      faults.add(protocol.system, fmt::format("'{}' has no data.sets, but cross-dataset tests on other datasets; add "
                                              "data.sets.NAME=FOLDER for each",
                                              entry.config.name));
    }
    if (cell.trained_on.empty()) { continue; }
    refuse_own_methods(entry.config, cell, faults);
    find_leaks(entry.config, cell.trained_on, own, protocol.per_method(), faults);
  }
  faults.raise();
  return entries;
}

}  // namespace realface::configs
