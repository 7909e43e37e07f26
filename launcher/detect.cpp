#include <ATen/ops/from_blob.h>
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
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "configs/run_folder.h"
#include "data/importers/files.h"
#include "data/preprocess/faces/face_finder.h"
#include "data/preprocess/people.h"
#include "data/preprocess/video/decoder.h"
#include "distributed/world.h"
#include "launcher/commands.h"
#include "launcher/version.h"
#include "stages/detect/verdict.h"
#include "stages/evaluate/recipe.h"
#include "stages/training/saved.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;
namespace preprocess = data::preprocess;

struct DetectOptions {
  std::vector<std::string> files;
  std::string weights, detector_model;
  std::string crops = "same";
  int32_t every = 1;
  bool json = false;
  stages::VerdictRule rule;
};

/// Frames of a person that are scored together, as many as preprocess stores of a video (G13): their mean features and
/// their common box are what the networks were trained on.
constexpr size_t kWindow = 30;

/// The networks of a run, and how it wants its faces.
struct Detector {
  models::Set networks;
  std::vector<stages::Branch> branches;
  preprocess::CropPolicy policy;
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& branch : branches) { all.push_back(branch.name); }
    return all;
  }
};

/// The evaluation of a system's run folder, or that run folder itself: it says which networks score together.
configs::Config evaluation_of(const std::string& run) {
  const auto inner = fs::path(run) / "evaluate";
  auto config = configs::load_run(fs::exists(inner) ? inner.string() : run);
  if (dynamic_cast<const stages::EvaluateRecipe*>(&*config.recipe) != nullptr) { return config; }
  throw Error(subject_of(run) + " is the run of a stage '" + config.stage +
              "'; expected the run folder of a whole system, or of its evaluation");
}

void require_same_detector(const nlohmann::json& crops, const std::string& here, const std::string& run) {
  const auto there = crops.value("detector", here);
  const auto align = crops.value("align", "none");
  if (there == here && align == "none") { return; }
  throw ConfigError(fmt::format(
      "{} was trained on faces that were found by '{}' and aligned by '{}'; here they are found by '{}' and not aligned, "
      "so its scores would mean nothing; give its --detector-model, or --crops any",
      subject_of(run), there, align, here));
}

/// Of the first branch that says it; all were trained on the same dataset's.
preprocess::CropPolicy policy_of(const DetectOptions& options, const stages::EvaluateRecipe& recipe,
                                 const std::vector<stages::Branch>& branches, const std::string& finder,
                                 distributed::Communicator& host) {
  preprocess::CropPolicy policy;
  policy.size = static_cast<int>(branches.front().image);
  for (const auto& branch : branches) {
    const auto crops = stages::saved_crops(recipe.config().weights_of(branch.name), branch.name, host);
    if (crops.empty()) { continue; }
    if (options.crops == "same") { require_same_detector(crops, finder, options.weights); }
    policy.margin = crops.value("margin", policy.margin);
    policy.crop = crops.value("crop", policy.crop);
    return policy;
  }
  if (options.crops == "any") { return policy; }
  throw ConfigError(subject_of(options.weights) +
                    " does not say how its faces were cut out; with --crops any they are cut out as preprocess does");
}

Detector load(const DetectOptions& options, const configs::Config& config, const std::string& finder,
              distributed::World& world) {
  const auto& recipe = dynamic_cast<const stages::EvaluateRecipe&>(*config.recipe);
  Detector detector{recipe.build(config.seed, world.device(), world.host_group()), {}, {}};
  detector.branches = stages::branches_of(detector.networks, world.device());
  detector.policy = policy_of(options, recipe, detector.branches, finder, world.host_group());
  return detector;
}

data::importers::Source source_of(const std::string& path) {
  data::importers::Source source;
  source.path = path;
  const bool picture = data::importers::file_kind(path) == data::importers::FileKind::picture;
  source.kind = picture ? data::importers::SourceKind::picture : data::importers::SourceKind::video;
  return source;
}

/// Files as they are, and the videos and pictures below folders, by name.
std::vector<std::string> all_files(const std::vector<std::string>& given) {
  std::vector<std::string> files;
  for (const auto& path : given) {
    if (!fs::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> below;
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      const bool known = data::importers::file_kind(entry.path()) != data::importers::FileKind::other;
      if (entry.is_regular_file() && known) { below.push_back(entry.path().string()); }
    }
    std::ranges::sort(below);
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

/// Looks at files one after another.
class Looking {
 public:
  Looking(const DetectOptions& options, const Detector& detector,
          const std::shared_ptr<const preprocess::FaceModels>& models)
      : options_(options), detector_(detector), finder_(models), decoder_("/proc/self/exe") {}

  stages::FileVerdict look_at(const std::string& path) {
    verdict_ = {};
    verdict_.file = path;
    decoder_.start();
    try {
      look(path);
    } catch (const preprocess::DecoderCrash& crash) {
      set("crashed", crash.what());
    } catch (const Error& error) { set(verdict_.frames > 0 ? "truncated" : "unreadable", error.what()); }
    return std::move(verdict_);
  }

 private:
  void set(const char* status, const std::string& why) {
    verdict_.status = status;
    verdict_.why = why;
  }

  void look(const std::string& path) {
    const auto reader = decoder_.open(source_of(path));
    std::vector<int32_t> wanted;
    const auto frames = static_cast<int32_t>(reader->info().times_us.size());
    for (int32_t frame = 0; frame < frames; frame += options_.every) { wanted.push_back(frame); }
    preprocess::People people(detector_.policy, kWindow, [this](const auto& appearance) { score(appearance); });
    finder_.begin();
    try {
      reader->read(wanted, [&](preprocess::Frame frame) {
        ++verdict_.frames;
        auto faces = finder_.find(frame.picture);
        people.look(std::move(frame), std::move(faces));
      });
    } catch (const Error& error) { set("truncated", error.what()); }
    people.finish();
    if (reader->info().truncated) { set("truncated", "the file ends before its video does"); }
    if (verdict_.frames == 0) { set("unreadable", "none of its frames can be decoded"); }
    if (verdict_.people.empty() && verdict_.status == "ok") { set("no_face", "no face was found in it"); }
  }

  void score(const preprocess::Appearance& found) {
    const int64_t size = detector_.policy.size;
    const auto faces = at::from_blob(const_cast<uint8_t*>(found.crops.data()),
                                     {static_cast<int64_t>(found.frames.size()), size, size, 3}, torch::kUInt8);
    const auto scores = stages::score_frames(detector_.branches, faces);
    auto& person = verdict_.people[found.person];
    for (size_t t = 0; t < found.frames.size(); ++t) {
      const auto& box = found.boxes[t];
      const stages::FrameVerdict frame{found.frames[t],
                                       static_cast<double>(found.times_us[t]) / 1e6,
                                       {box.left, box.top, box.right, box.bottom},
                                       0};
      person.add(frame, scores[static_cast<int64_t>(t)]);
    }
  }

  const DetectOptions& options_;
  const Detector& detector_;
  preprocess::FaceFinder finder_;
  preprocess::Decoder decoder_;
  stages::FileVerdict verdict_;
};

std::string line_of(const stages::FileVerdict& verdict, const stages::VerdictRule& rule) {
  const double p = verdict.p_fake(rule);
  const auto score = std::isnan(p) ? std::string("    -") : fmt::format("{:.3f}", p);
  const auto why = verdict.why.empty() ? "" : fmt::format("  ({}: {})", verdict.status, verdict.why);
  return fmt::format("{}  {} {}  {}{}\n", score, verdict.people.size(),
                     verdict.people.size() == 1 ? "person" : "people", verdict.file, why);
}

/// Returns how many could not be read.
size_t look_at_all(const DetectOptions& options, distributed::World& world) {
  const auto models = std::make_shared<const preprocess::FaceModels>("", options.detector_model);
  const auto detector = load(options, evaluation_of(options.weights), models->detector(), world);
  Looking looking(options, detector, models);
  nlohmann::json files = nlohmann::json::array();
  size_t unreadable = 0;
  for (const auto& path : all_files(options.files)) {
    const auto verdict = looking.look_at(path);
    unreadable += verdict.status == "unreadable" || verdict.status == "crashed" ? 1 : 0;
    if (options.json) {
      files.push_back(stages::to_json(verdict, options.rule, detector.names()));
    } else {
      std::cout << line_of(verdict, options.rule) << std::flush;
    }
  }
  if (options.json) {
    nlohmann::json sources;
    for (const auto& branch : detector.branches) {
      sources[branch.name] = detector.networks.entry(branch.name).source;
    }
    std::cout << nlohmann::json({{"files", files}, {"weights", sources}, {"code", code_version()}}).dump() << '\n';
  }
  return unreadable;
}

void detect(const DetectOptions& options) {
  distributed::WorldConfig config;
  const size_t unreadable = distributed::in_world(config, [&](auto& world) { return look_at_all(options, world); });
  if (unreadable > 0) { throw DataError(fmt::format("[detect] {} of the files could not be read", unreadable)); }
}

}  // namespace

void add_detect(CLI::App& app) {
  auto* command = app.add_subcommand("detect", "Say of videos and pictures how likely each person in them is fake");
  auto options = std::make_shared<DetectOptions>();
  command->add_option("FILE", options->files, "Videos, pictures, or folders of them")->required();
  command->add_option("--weights", options->weights, "The run folder of a finished system, or of its evaluation")
      ->required();
  command->add_option("--every", options->every, "Look at every n-th frame")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--rule", options->rule.over_people, "The score of a file over its people: max or mean")
      ->capture_default_str()
      ->check(CLI::IsMember({"max", "mean"}));
  command->add_option("--shortest", options->rule.shortest, "Frames below which a person counts only if nobody has more")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--detector-model", options->detector_model, "File of a CNN that finds faces where HOG does not");
  command->add_option("--crops", options->crops, "same: as those that the networks were trained on; any")
      ->capture_default_str()
      ->check(CLI::IsMember({"same", "any"}));
  command->add_flag("--json", options->json, "Write JSON, and nothing else, to the standard output");
  command->callback([options] { detect(*options); });
}

}  // namespace realface::launcher
