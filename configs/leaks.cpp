#include "configs/leaks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "configs/fields.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "configs/skimmer.h"

namespace realface::configs {
namespace {

namespace fs = std::filesystem;

class Weights final : public Skimmer {
 public:
  void weights(const Key&, std::string& value) override {
    if (!value.empty()) { paths.push_back(value); }
  }

  std::vector<std::string> paths;
};

/// The run that weights belong to: RUN, RUN/checkpoints/step-N or a file in that; empty: none.
std::string run_of(const std::string& weights) {
  const fs::path path(weights), two_up = path.parent_path().parent_path();
  for (const auto& run : {path, two_up, two_up.parent_path()}) {
    const bool trained = fs::exists(run / "checkpoints") || has_finished(run.string());
    if (trained && fs::exists(run / "config.yaml")) { return run.string(); }
  }
  return "";
}

class LeakFinder {
 public:
  LeakFinder(const std::vector<std::string>& allowed, std::set<std::string> known, Faults& faults)
      : allowed_(allowed), seen_(std::move(known)), faults_(faults) {}

  /// `place`: how messages name the stage.
  void look_at(const Config& config, const std::string& place) {
    for (const auto& stream : config.recipe->needs(config.seed, 1)) {
      // What is read once, in order, is scored or restored, not learned from.
      if (stream.label != "real" && stream.endless) { look_at(stream, place); }
    }
    for (const auto& path : weights_of(config)) {
      const auto run = run_of(path);
      if (run.empty()) {
        require_file(path, place);
      } else if (seen_.insert(run).second) {
        look_at(load_run(run), run);
      }
    }
  }

 private:
  /// What is no run is a plain file, or a run of this cell that is still to come.
  void require_file(const std::string& path, const std::string& place) {
    if (fs::is_regular_file(path) || seen_.contains(path)) { return; }
    faults_.add(place, fmt::format("it takes weights from '{}', which is no run folder and no file, so its training "
                                   "cannot be looked at; put it back, or give other weights",
                                   path));
  }
  void look_at(const data::StreamNeeds& stream, const std::string& place) {
    const auto text = fmt::format("this training may see fakes of {} alone", fmt::join(allowed_, ", "));
    if (stream.methods.empty()) {
      faults_.add(place, fmt::format("its stream '{}' holds fakes of all methods, but {}; the list of methods must not "
                                     "be empty or `any`",
                                     stream.name, text));
    }
    for (const auto& method : stream.methods) {
      if (std::ranges::find(allowed_, method) != allowed_.end()) { continue; }
      faults_.add(place, fmt::format("its stream '{}' holds fakes of {}, but {}", stream.name, method, text));
    }
  }

  const std::vector<std::string>& allowed_;
  std::set<std::string> seen_;  // run folders
  Faults& faults_;
};

}  // namespace

std::vector<std::string> weights_of(const Config& config) {
  Weights found;
  Config copy = config;  // a visitor may write; this one does not
  fields(found, copy);
  return found.paths;
}

void find_leaks(const Config& config, const std::vector<std::string>& allowed, const std::set<std::string>& known,
                bool refuse_select, Faults& faults) {
  LeakFinder(allowed, known, faults).look_at(config, "entry " + config.name);
  if (!refuse_select || config.stage != "evaluate") { return; }
  const auto select = to_json(config).at("evaluate").value("select", "");
  if (select.empty()) { return; }
  faults.add(
      "entry " + config.name,
      fmt::format("evaluate.select is '{}', which chooses checkpoints by fakes of all methods, also of those that "
                  "this training may not see; leave it empty",
                  select));
}

}  // namespace realface::configs
