#include <fmt/format.h>

#include <filesystem>

#include "base/error.h"
#include "configs/load.h"
#include "configs/printer.h"
#include "configs/resolve.h"

namespace realface::configs {
namespace {

/// Resolves one entry after another.
class System {
 public:
  System(const Arguments& arguments, Leaves shared, Completeness completeness, Faults& faults)
      : file_(arguments.file), shared_(std::move(shared)), completeness_(completeness), faults_(faults) {
    for (const auto& text : arguments.overrides) { on_command_line_.insert(text.substr(0, text.find('='))); }
  }

  void add(const SystemEntry& entry) {
    Source source;
    source.file = (std::filesystem::path(file_).parent_path() / entry.file).string();
    source.entry = entry.name;
    source.in_system = true;
    source.entries = folders_;
    auto document = read_document(source.file, faults_);
    if (document.has_entries) {
      faults_.add(entry.origin, fmt::format("'{}' is itself a list of stages; expected a stage", entry.file));
    }
    source.leaves = std::move(document.leaves);
    override_leaves(source, entry);
    auto [config, used] = resolve(source, completeness_, faults_);
    used_.insert(used.begin(), used.end());
    for (const auto& [key, leaf] : shared_) {
      if (used.contains(own_key(entry, key))) { used_.insert(key); }
    }
    for (const auto& described : entries(config)) {
      known_.push_back(described.key);
      if (!entry.name.empty()) { known_.push_back(entry.name + "." + described.key); }
    }
    check_name(entry, config.name);
    check_world(entry, config);
    folders_[config.name] = config.run.dir;
    configs.push_back(std::move(config));
  }

  /// After the last entry.
  void finish() {
    for (const auto& [key, leaf] : shared_) {
      if (used_.contains(key)) { continue; }
      const auto near = nearest(key, known_);
      faults_.add(leaf.origin, fmt::format("no entry of {} knows the key '{}'{}", file_, key,
                                           near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
  }

  std::vector<Config> configs;

 private:
  /// The file's keys, then the shared ones, then the entry's own, then the command line's, then NAME.key=value.
  void override_leaves(Source& source, const SystemEntry& entry) {
    for (const auto& [key, leaf] : shared_) {
      if (!source.leaves.contains(key)) { source.shared.insert(key); }
      source.leaves[key] = leaf;
    }
    for (const auto& [key, leaf] : entry.leaves) {
      if (!on_command_line_.contains(key)) { source.leaves[key] = leaf; }
    }
    for (const auto& [key, leaf] : shared_) {
      const auto own = own_key(entry, key);
      if (own.empty()) { continue; }
      if (!source.leaves.contains(own)) { source.shared.insert(own); }
      source.leaves[own] = leaf;
    }
  }

  /// KEY of NAME.KEY, or "" if the key is not the entry's alone. An entry may be named like a group of keys, so what
  /// stands after the name need not be a key.
  static std::string own_key(const SystemEntry& entry, const std::string& key) {
    const auto prefix = entry.name + ".";
    return entry.name.empty() || !key.starts_with(prefix) ? "" : key.substr(prefix.size());
  }

  void check_name(const SystemEntry& entry, const std::string& name) {
    if (folders_.contains(name)) {
      faults_.add(
          entry.origin,
          fmt::format("'{}' is the second entry named '{}', and both would share a run folder; give it another: "
                      "{{name: NAME, file: {}}}",
                      entry.file, name, entry.file));
    }
    if (name.find_first_of("/. =") != std::string::npos) {
      faults_.add(entry.origin,
                  fmt::format("the name '{}' cannot be that of a folder; use letters, digits, - and _", name));
    }
  }

  void check_world(const SystemEntry& entry, const Config& config) {
    if (configs.empty()) { return; }
    const auto first = to_json(configs.front()).at("world"), own = to_json(config).at("world");
    for (const auto& [key, value] : own.items()) {
      if (first.at(key) == value) { continue; }
      faults_.add(entry.origin,
                  fmt::format("world.{} is {} here and {} for the first entry, but the world is joined once "
                              "for all; set it beside the list, or as an argument",
                              key, value.dump(), first.at(key).dump()));
    }
  }

  std::string file_;
  Leaves shared_;
  Completeness completeness_;
  Faults& faults_;
  std::map<std::string, std::string> folders_;  // by entry
  std::set<std::string> used_, on_command_line_;
  std::vector<std::string> known_;
};

}  // namespace

std::vector<Config> load_system(const Arguments& arguments, Completeness completeness) {
  Faults faults;
  auto document = read_document(arguments.file, faults);
  apply_overrides(document.leaves, arguments.overrides, faults);
  if (!document.has_entries) {
    auto resolved = resolve({arguments.file, document.leaves, {}, {}, "", true}, completeness, faults);
    faults.raise();
    return {std::move(resolved.config)};
  }
  if (document.entries.empty()) { faults.add(arguments.file, "`run` lists no stage"); }
  System system(arguments, document.leaves, completeness, faults);
  for (const auto& entry : document.entries) { system.add(entry); }
  system.finish();
  faults.raise();
  return std::move(system.configs);
}

}  // namespace realface::configs
