#include "configs/run_folder.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "checkpoints/compatibility.h"
#include "checkpoints/format/folder.h"
#include "configs/load.h"
#include "configs/printer.h"

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

nlohmann::json length(const Config& config) {
  const auto& train = config.stage.pretrain.train;
  return {{"steps", train.steps}, {"epochs", train.epochs}};
}

}  // namespace

std::vector<std::string> differences(const Config& there, const Config& here) {
  const auto old_entries = entries(there), new_entries = entries(here);
  std::vector<std::string> lines;
  for (size_t i = 0; i < new_entries.size(); ++i) {
    const auto& [key, text, value] = new_entries[i];
    if (checkpoints::may_differ(key) || old_entries[i].text == text) { continue; }
    lines.push_back(key + ": " + old_entries[i].text + " there, " + text + " here");
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
  publish_file(config_path(config.run.dir), to_yaml(config));
}

bool is_finished(const Config& config) {
  if (!std::filesystem::exists(finished_path(config))) { return false; }
  const auto note = nlohmann::json::parse(read_file(finished_path(config)), nullptr, /*allow_exceptions=*/false);
  return note.is_object() && note.value("length", nlohmann::json()) == length(config);
}

void mark_finished(const Config& config, const std::string& code_version) {
  const nlohmann::json note{{"stage", config.stage.name}, {"length", length(config)}, {"code_version", code_version}};
  publish_file(finished_path(config), note.dump(2) + "\n");
}

}  // namespace realface::configs
