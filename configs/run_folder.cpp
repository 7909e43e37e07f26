#include "configs/run_folder.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "checkpoints/format/folder.h"
#include "configs/inputs.h"
#include "configs/load.h"
#include "configs/printer.h"
#include "distributed/agreement.h"

namespace realface::configs {
namespace {

std::filesystem::path config_path(const std::string& run_dir) { return std::filesystem::path(run_dir) / "config.yaml"; }
std::filesystem::path finished_path(const Config& config) {
  return std::filesystem::path(config.run.dir) / "finished.json";
}

/// A start that failed before its first checkpoint leaves only a config.yaml, which the corrected one replaces.
bool holds_anything(const Config& config) {
  return std::filesystem::exists(finished_path(config)) || !checkpoints::Folder(config.run.dir).steps().empty();
}

/// What finished.json says; an empty object if it is missing or damaged.
nlohmann::json note_of(const Config& config) {
  if (!has_finished(config.run.dir)) { return nlohmann::json::object(); }
  auto note = nlohmann::json::parse(read_file(finished_path(config)), nullptr, /*allow_exceptions=*/false);
  return note.is_object() ? note : nlohmann::json::object();
}

/// The path of something that an evaluation looked at and that is another now; empty: none. What is not known of both
/// is not compared.
std::string changed_input(const nlohmann::json& note, const Config& config) {
  const auto before = note.value("inputs", nlohmann::json::object());
  const auto inputs = inputs_of(config);
  for (const auto& [path, digest] : inputs.items()) {
    if (before.contains(path) && before.at(path) != digest) { return path; }
  }
  return "";
}

/// Removes its checkpoints, which hold its progress, so that it starts from the beginning. The note goes last: after a
/// kill in between, the next start sees once more that something has changed.
void begin_anew(const Config& config) {
  const checkpoints::Folder folder(config.run.dir);
  for (const int64_t step : folder.steps()) { folder.remove(step); }
  std::filesystem::remove(finished_path(config));
}

std::string absent_or(const std::map<std::string, std::string>& values, const std::string& key) {
  const auto found = values.find(key);
  return found == values.end() ? "absent" : found->second;
}

std::map<std::string, std::string> fixed_values(const Config& config) {
  std::map<std::string, std::string> values;
  for (const auto& entry : entries(config)) {
    if (!entry.may_change) { values[entry.key] = entry.text; }
  }
  return values;
}

}  // namespace

std::vector<std::string> differences(const Config& there, const Config& here) {
  if (there.stage != here.stage) { return {fmt::format("stage: {} there, {} here", there.stage, here.stage)}; }
  const auto old_values = fixed_values(there), new_values = fixed_values(here);
  std::set<std::string> keys;
  for (const auto& [key, text] : old_values) { keys.insert(key); }
  for (const auto& [key, text] : new_values) { keys.insert(key); }
  std::vector<std::string> lines;
  for (const auto& key : keys) {
    const auto old_text = absent_or(old_values, key), new_text = absent_or(new_values, key);
    if (old_text != new_text) { lines.push_back(fmt::format("{}: {} there, {} here", key, old_text, new_text)); }
  }
  return lines;
}

Config load_run(const std::string& run_dir) {
  const auto path = config_path(run_dir);
  if (!std::filesystem::exists(path)) {
    throw ConfigError("[config] " + run_dir + " is not a run folder: it has no config.yaml; give the run.dir of a run");
  }
  return load({path.string(), {}}, Completeness::for_reading);
}

void refuse_other_run(const Config& config) {
  if (!std::filesystem::exists(config_path(config.run.dir)) || !holds_anything(config)) { return; }
  const auto lines = differences(load_run(config.run.dir), config);
  if (lines.empty()) { return; }
  std::string message = "[config] the run folder " + config.run.dir +
                        " belongs to another configuration; resume it with that one, or choose another run.dir:";
  for (const auto& line : lines) { message += "\n  " + line; }
  throw ConfigError(message);
}

void claim_run_folder(const Config& config) {
  make_folder(config.run.dir);
  refuse_other_run(config);
  if (const auto changed = changed_input(note_of(config), config); !changed.empty()) {
    log::info("evaluating in " + config.run.dir + " again, since " + changed + " has changed");
    begin_anew(config);
  }
  publish_file(config_path(config.run.dir), to_yaml(config));
}

bool has_finished(const std::string& run_dir) {
  return std::filesystem::exists(std::filesystem::path(run_dir) / "finished.json");
}

bool is_finished(const Config& config) {
  const auto note = note_of(config);
  return note.contains("length") && note.at("length") == config.recipe->length() && changed_input(note, config).empty();
}

bool is_finished(const Config& config, distributed::Communicator& host) {
  bool finished = false;
  distributed::agree(host, "run folder", [&] { finished = host.rank() == 0 && is_finished(config); });
  return distributed::any(host, finished);
}

void mark_finished(const Config& config, const std::string& code_version) {
  nlohmann::json note{{"stage", config.stage}, {"length", config.recipe->length()}, {"code_version", code_version}};
  if (auto inputs = inputs_of(config); !inputs.empty()) { note["inputs"] = std::move(inputs); }
  publish_file(finished_path(config), note.dump(2) + "\n");
}

}  // namespace realface::configs
