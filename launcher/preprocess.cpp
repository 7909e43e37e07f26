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
#include "data/importers/summary.h"
#include "distributed/failure.h"
#include "distributed/world.h"
#include "launcher/commands.h"
#include "launcher/progress.h"
#include "launcher/version.h"

namespace realface::launcher {
namespace {

struct PreprocessOptions {
  data::preprocess::PreprocessConfig config;
  std::string masks = "dataset";
  bool strict = false, dry_run = false;
  // One long video on one rank makes all others wait for it, and that is no hang. A rank that dies ends them all
  // anyway.
  double deadline = 24 * 3600;
};

/// One display a phase.
class Display {
 public:
  void operator()(const data::preprocess::PreprocessProgress& event) {
    if (!progress_ || event.phase != phase_) { progress_.emplace(phase_ = event.phase); }
    progress_->update(event.done, event.total);
  }
  void end() { progress_.reset(); }

 private:
  std::string phase_;
  std::optional<Progress> progress_;
};

void list_unplaced(const std::vector<data::importers::Unplaced>& unplaced) {
  constexpr size_t kShown = 10;
  for (size_t i = 0; i < std::min(kShown, unplaced.size()); ++i) {
    log::warn("[preprocess] left out: " + unplaced[i].path + ": " + unplaced[i].why);
  }
  if (unplaced.size() > kShown) {
    log::warn("[preprocess] left out: " + std::to_string(unplaced.size() - kShown) + " more files");
  }
}

void tell(const data::preprocess::PreprocessOutcome& outcome, const data::preprocess::PreprocessConfig& config) {
  list_unplaced(outcome.unplaced);
  std::cout << outcome.report.table() << config.output
            << (outcome.was_finished ? ": was finished before, nothing to do; " : ": ") << outcome.report.frames()
            << " frames of " << outcome.report.videos() << " videos in " << outcome.shards
            << (outcome.shards == 1 ? " shard\n" : " shards\n");
}

/// What is found, and nothing written. One rank looks and speaks; the others have nothing to do.
void dry_run(const data::preprocess::PreprocessConfig& config, const distributed::World& world) {
  if (world.rank() != 0) { return; }
  const auto listing = data::importers::survey_dataset(config.dataset, config.input, config.import);
  std::cout << config.input << " as " << config.dataset << "; a dry run, nothing is written\n"
            << data::importers::summary(listing) << std::flush;
  if (listing.sources.empty()) {
    throw DataError("[" + config.input + "] no videos found; name another folder, --dataset or --split");
  }
}

void preprocess(PreprocessOptions& options) {
  options.config.dataset = data::importers::dataset_name(options.config.dataset);
  options.config.import.masks = options.masks == "dataset";
  options.config.code_version = code_version();
  options.config.decoder = "/proc/self/exe";  // this very program, also where its file has been replaced since
  distributed::WorldConfig world_config;
  world_config.device = "cpu";
  world_config.deadline = options.deadline;
  auto world = distributed::World::join(world_config);
  distributed::guarded([&] {
    if (options.dry_run) { return dry_run(options.config, world); }
    Display display;
    const auto outcome =
        data::preprocess::preprocess(options.config, world, [&display](const auto& event) { display(event); });
    display.end();
    if (world.rank() == 0) { tell(outcome, options.config); }
    if (options.strict && world.rank() == 0 && !outcome.report.skipped().empty()) {
      throw DataError("[preprocess] --strict: the shards are written, but not all videos are whole in them (" +
                      outcome.report.skipped() + ")");
    }
  });
}

void add_import_options(CLI::App& command, PreprocessOptions& options) {
  auto& import = options.config.import;
  std::string names;
  for (const auto& name : data::importers::dataset_names()) { names += (names.empty() ? "" : ", ") + name; }
  command.add_option("--dataset", options.config.dataset, names + "; folder: videos and pictures, all real")
      ->capture_default_str();
  command.add_option(
      "--split", import.split,
      "test: all of it; train or val: all but what the dataset's lists hold out for testing; hash: 80, 10, 10 of 100 by video and its fakes; holdout: the lists, and a tenth of train as val; default: the dataset's lists, or train");
  command.add_option("--compression", import.compression, "ffpp: raw, c23, c40, one or more")->capture_default_str();
  command.add_option("--methods", import.methods, "Manipulations, default all; original: reals alone");
  command.add_option("--ffpp", import.ffpp_root,
                     "deeper-forensics: the FaceForensics++ tree with the real videos; default: one beside it");
  command
      .add_option("--masks", options.masks,
                  "dataset: store those that it ships, else the difference to the original; none")
      ->check(CLI::IsMember({"dataset", "none"}))
      ->capture_default_str();
  command
      .add_option("--mask-rule", options.config.mask_rule.name,
                  "How masks are made of a fake and its original: difference or ssim")
      ->check(CLI::IsMember({"difference", "ssim"}))
      ->capture_default_str();
  command.add_option("--mask-threshold", options.config.mask_rule.threshold,
                     "From where on a pixel counts as tampered with, 0 to 1; 0: 0.1 of difference, 0.08 of ssim");
  command
      .add_option("--pictures", import.pictures,
                  "folder: auto (sub-folders of numbered pictures are videos), single or frames")
      ->capture_default_str();
}

/// How faces are cut out and kept.
void add_crop_options(CLI::App& command, data::preprocess::PreprocessConfig& config) {
  command.add_option("--size", config.size, "Width and height of a crop in pixels")->capture_default_str();
  command.add_option("--frames", config.frames, "Frames of a video, at most")->capture_default_str();
  command.add_option("--crop", config.crop, "clip: one box for a video; frame: one box a frame")->capture_default_str();
  command
      .add_option("--align", config.align,
                  "none: faces as they are; similarity: turned and scaled, so that eyes, nose and mouth lie alike")
      ->capture_default_str();
  command.add_option("--margin", config.margin, "Side of the crop over that of the face's box")->capture_default_str();
  command.add_option("--codec", config.codec, "gdiff-up-zstd, png or raw, all lossless, or jpeg")
      ->capture_default_str();
  command.add_option("--jpeg-quality", config.jpeg_quality, "Of --codec jpeg, 1 to 100")->capture_default_str();
  command.add_option("--jpeg-subsampling", config.jpeg_subsampling, "Of --codec jpeg: 4:4:4, 4:2:2 or 4:2:0")
      ->capture_default_str();
}

}  // namespace

void add_preprocess(CLI::App& app) {
  auto options = std::make_shared<PreprocessOptions>();
  auto& config = options->config;
  auto* command = app.add_subcommand("preprocess", "Turn videos or pictures into shards of face crops; resumes");
  command->add_option("input", config.input, "Folder of videos, of pictures, or a dataset's root")->required();
  command->add_option("--out", config.output, "Folder for the shards");
  add_import_options(*command, *options);
  add_crop_options(*command, config);
  command->add_option("--seed", config.seed, "Of the order in which videos are packed")->capture_default_str();
  command->add_option("--landmark-model", config.landmark_model,
                      "dlib's 68-landmark model; default: the one of Debian's libdlib-data");
  command->add_option("--detector-model", config.detector_model,
                      "dlib's mmod_human_face_detector.dat, for faces that HOG does not find; default: HOG alone");
  command
      ->add_option("--deadline", options->deadline,
                   "Seconds that ranks wait for one another before the run ends; longer than one video takes")
      ->check(CLI::Range(1.0, distributed::kMaxDeadline))
      ->capture_default_str();
  command->add_option("--shard-bytes", config.shard_bytes, "Size that a shard should have")->capture_default_str();
  command->add_option("--threads", config.threads, "That take videos, a rank; 0: the rank's share of the cores")
      ->capture_default_str();
  command->add_option("--patience", config.decoder_patience, "Seconds without a sign of life that end a decoder")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag(
      "--dry-run", options->dry_run,
      "Print what is found, by split, class and method, and every file that cannot be placed; write nothing");
  command->add_flag("--strict", options->strict, "Fail where a video could not be used whole, after all is written");
  command->callback([options] { preprocess(*options); });
}

}  // namespace realface::launcher
