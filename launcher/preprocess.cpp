#include "data/preprocess/preprocess.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <iostream>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "distributed/failure.h"
#include "distributed/world.h"
#include "launcher/commands.h"
#include "launcher/progress.h"
#include "launcher/version.h"

namespace realface::launcher {
namespace {

struct Options {
  data::preprocess::PreprocessConfig config;
  std::string masks = "dataset";
  bool strict = false;
};

/// One display a phase.
class Display {
 public:
  void operator()(const data::preprocess::PreprocessProgress& event) {
    if (!progress_ || event.phase != phase_) progress_.emplace(phase_ = event.phase);
    progress_->update(event.done, event.total);
  }
  void end() { progress_.reset(); }

 private:
  std::string phase_;
  std::optional<Progress> progress_;
};

void list_unplaced(const std::vector<data::importers::Unplaced>& unplaced) {
  constexpr size_t kShown = 10;
  for (size_t i = 0; i < std::min(kShown, unplaced.size()); ++i)
    log::warn("[preprocess] left out: " + unplaced[i].path + ": " + unplaced[i].why);
  if (unplaced.size() > kShown)
    log::warn("[preprocess] left out: " + std::to_string(unplaced.size() - kShown) + " more files");
}

void tell(const data::preprocess::PreprocessOutcome& outcome, const data::preprocess::PreprocessConfig& config) {
  list_unplaced(outcome.unplaced);
  std::cout << outcome.report.table() << config.output
            << (outcome.was_finished ? ": was finished before, nothing to do; " : ": ") << outcome.report.frames()
            << " frames of " << outcome.report.videos() << " videos in " << outcome.shards
            << (outcome.shards == 1 ? " shard\n" : " shards\n");
}

void preprocess(Options& options) {
  options.config.import.masks = options.masks == "dataset";
  options.config.code_version = code_version();
  distributed::WorldConfig world_config;
  world_config.device = "cpu";
  // One long video on one rank makes all others wait for it, and that is no hang. A rank that dies ends them all
  // anyway.
  world_config.deadline = 24 * 3600;
  auto world = distributed::World::join(world_config);
  distributed::guarded([&] {
    Display display;
    const auto outcome =
        data::preprocess::preprocess(options.config, world, [&display](const auto& event) { display(event); });
    display.end();
    if (world.rank() == 0) tell(outcome, options.config);
    if (options.strict && world.rank() == 0 && !outcome.report.skipped().empty())
      throw DataError("[preprocess] --strict: the shards are written, but not all videos are whole in them (" +
                      outcome.report.skipped() + ")");
  });
}

void add_import_options(CLI::App& command, Options& options) {
  auto& import = options.config.import;
  command.add_option("--dataset", options.config.dataset, "folder (videos and pictures, all real) or ffpp")
      ->capture_default_str();
  command.add_option("--split", import.split,
                     "train, val or test: all of it; hash: 80, 10, 10 of 100 by video and its fakes; "
                     "default: the dataset's lists, or train");
  command.add_option("--compression", import.compression, "ffpp: raw, c23, c40, one or more")->capture_default_str();
  command.add_option("--methods", import.methods, "ffpp: manipulations, default all; original: reals alone");
  command.add_option("--masks", options.masks, "dataset: store the masks that it ships; none")
      ->check(CLI::IsMember({"dataset", "none"}))
      ->capture_default_str();
  command
      .add_option("--pictures", import.pictures,
                  "folder: auto (sub-folders of numbered pictures are videos), single or frames")
      ->capture_default_str();
}

}  // namespace

void add_preprocess(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto& config = options->config;
  auto* command = app.add_subcommand("preprocess", "Turn videos or pictures into shards of face crops; resumes");
  command->add_option("input", config.input, "Folder of videos, of pictures, or a dataset's root")->required();
  command->add_option("--out", config.output, "Folder for the shards")->required();
  add_import_options(*command, *options);
  command->add_option("--size", config.size, "Width and height of a crop in pixels")->capture_default_str();
  command->add_option("--frames", config.frames, "Frames of a video, at most")->capture_default_str();
  command->add_option("--crop", config.crop, "clip: one box for a video; frame: one box a frame")
      ->capture_default_str();
  command->add_option("--margin", config.margin, "Side of the crop over that of the face's box")->capture_default_str();
  command->add_option("--codec", config.codec, "gdiff-up-zstd (lossless) or raw")->capture_default_str();
  command->add_option("--seed", config.seed, "Of the order in which videos are packed")->capture_default_str();
  command->add_option("--landmark-model", config.landmark_model,
                      "dlib's 68-landmark model; default: the one of Debian's libdlib-data");
  command->add_option("--shard-bytes", config.shard_bytes, "Size that a shard should have")->capture_default_str();
  command->add_option("--threads", config.threads, "That take videos, a rank; 0: the rank's share of the cores")
      ->capture_default_str();
  command->add_flag("--strict", options->strict, "Fail where a video could not be used whole, after all is written");
  command->callback([options] { preprocess(*options); });
}

}  // namespace realface::launcher
