#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "data/importers/files.h"
#include "distributed/world.h"
#include "launcher/commands.h"
#include "launcher/detect/load.h"
#include "launcher/detect/looking.h"
#include "launcher/version.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;

struct DetectOptions {
  std::vector<std::string> files;
  std::string weights, detector_model, out;
  std::string crops = "same";
  int32_t every = 0;
  bool json = false;
  stages::VerdictRule rule;
};

bool is_wanted(const fs::directory_entry& entry) {
  std::error_code broken;
  return !data::importers::is_hidden(entry.path()) && entry.is_regular_file(broken) &&
         data::importers::file_kind(entry.path()) != data::importers::FileKind::other;
}

/// Files as they are, and the videos and pictures below folders, by name; a folder without any stands for itself, as a
/// file that cannot be read.
std::vector<std::string> all_files(const std::vector<std::string>& given) {
  std::vector<std::string> files;
  for (const auto& path : given) {
    std::vector<std::string> below;
    std::error_code broken;
    const auto options = fs::directory_options::skip_permission_denied;
    for (fs::recursive_directory_iterator at(path, options, broken), end; !broken && at != end; at.increment(broken)) {
      if (is_wanted(*at)) { below.push_back(at->path().string()); }
    }
    std::ranges::sort(below);
    if (below.empty()) { below.push_back(path); }
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

/// File names need not be UTF-8, as JSON is.
std::string text_of(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

/// What could not be done of all that was asked for.
struct Failed {
  size_t unreadable = 0, unkept = 0;
};

/// The beginning of the names of what is kept of a file: OUT/NAME; names that come twice get a number. Empty: nothing
/// is.
fs::path place_of(const DetectOptions& options, const std::string& path, std::set<std::string>& names) {
  if (options.out.empty()) { return {}; }
  auto name = fs::path(path).filename().string();
  for (int again = 2; !names.insert(name).second; ++again) {
    name = fs::path(path).filename().string() + "-" + std::to_string(again);
  }
  return fs::path(options.out) / name;
}

/// NAME.json and, if there is a face, NAME.png; false if something could not be kept.
bool keep(const fs::path& place, const nlohmann::json& json, const Looking& looking) {
  try {
    publish_file(place.string() + ".json", text_of(json));
    if (!looking.looks().empty()) { stages::write_contact_sheet(place.string() + ".png", looking.looks()); }
    if (!looking.overlay_fault().empty()) { throw Error(looking.overlay_fault()); }
    return true;
  } catch (const Error& error) {  // a full disk, say: the other files are looked at nevertheless
    log::error(error.what());
    return false;
  }
}

std::string line_of(const stages::FileVerdict& verdict, const stages::VerdictRule& rule) {
  const double p = verdict.p_fake(rule);
  const auto score = std::isnan(p) ? std::string("    -") : fmt::format("{:.3f}", p);
  const auto says = rule.calibration.known ? fmt::format("  {:<9}", rule.calibration.verdict(p)) : "";
  const auto why = verdict.why.empty() ? "" : fmt::format("  ({}: {})", verdict.status, verdict.why);
  return fmt::format("{}{}  {} {}  {}{}\n", score, says, verdict.people.size(),
                     verdict.people.size() == 1 ? "person" : "people", verdict.file, why);
}

Failed look_at_all(const DetectOptions& options, distributed::World& world) {
  if (world.size() > 1) {
    throw UsageError("[detect] looks at files by itself; start it without mpirun, once for each part of the files");
  }
  const auto models = std::make_shared<const data::preprocess::FaceModels>("", options.detector_model);
  const auto detector = load_detector(options.weights, world);
  const auto policy = crop_policy(detector, options.weights, models->detector(), options.crops == "any");
  auto rule = options.rule;
  rule.calibration = detector.calibration;
  if (!options.out.empty()) { make_folder(options.out); }
  Looking looking(detector, policy, models, options.every);
  nlohmann::json files = nlohmann::json::array();
  std::set<std::string> names;
  Failed failed;
  for (const auto& path : all_files(options.files)) {
    const auto place = place_of(options, path, names);
    const auto verdict = looking.look_at(path, place);
    failed.unreadable += verdict.status == "unreadable" || verdict.status == "crashed" ? 1 : 0;
    auto json = stages::to_json(verdict, rule, detector.names());
    failed.unkept += place.empty() || keep(place, json, looking) ? 0 : 1;
    if (options.json) {
      files.push_back(std::move(json));
    } else {
      std::cout << line_of(verdict, rule) << std::flush;
    }
  }
  if (options.json) {
    nlohmann::json sources;
    for (const auto& name : detector.names()) { sources[name] = detector.networks.entry(name).source; }
    std::cout << text_of({{"files", files},
                          {"weights", sources},
                          {"calibration", stages::to_json(detector.calibration)},
                          {"code", code_version()}});
  }
  return failed;
}

void detect(const DetectOptions& options) {
  distributed::WorldConfig config;
  const auto failed = distributed::in_world(config, [&](auto& world) { return look_at_all(options, world); });
  if (failed.unkept > 0) {
    throw Error(fmt::format("[detect] of {} files not everything could be kept in {}; see the errors above",
                            failed.unkept, options.out));
  }
  if (failed.unreadable > 0) {
    throw DataError(fmt::format("[detect] {} of the files could not be read", failed.unreadable));
  }
}

}  // namespace

void add_detect(CLI::App& app) {
  auto* command = app.add_subcommand("detect", "Say of videos and pictures how likely each person in them is fake");
  auto options = std::make_shared<DetectOptions>();
  command->add_option("FILE", options->files, "Videos, pictures, or folders of them")->required();
  command->add_option("--weights", options->weights, "A detector file (export), or the run folder of a finished system")
      ->required();
  command->add_option("--every", options->every, "Look at every n-th frame; 0: as preprocess does, every 1st to 4th")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--rule", options->rule.over_people, "The score of a file over its people: max or mean")
      ->capture_default_str()
      ->check(CLI::IsMember({"max", "mean"}));
  command
      ->add_option("--shortest", options->rule.shortest, "Frames below which a person counts only if nobody has more")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--detector-model", options->detector_model, "File of a CNN that finds faces where HOG does not");
  command->add_option("--crops", options->crops, "same: as those that the networks were trained on; any")
      ->capture_default_str()
      ->check(CLI::IsMember({"same", "any"}));
  command->add_option(
      "--out", options->out,
      "Folder for NAME.json, with a timeline, NAME.png, a sheet of faces, and NAME.overlay.mp4, both with what was "
      "tampered with or how far a face is from its restored one");
  command->add_flag("--json", options->json, "Write JSON, and nothing else, to the standard output");
  command->callback([options] { detect(*options); });
}

}  // namespace realface::launcher
