#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <cmath>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/log.h"
#include "distributed/agreement.h"
#include "launcher/commands.h"
#include "launcher/detect/load.h"
#include "stages/detect/calibration.h"
#include "stages/detect/detector_file.h"
#include "stages/evaluate/score_videos.h"
#include "stages/signals.h"
#include "stages/training/saved.h"

namespace realface::launcher {
namespace {

struct CalibrateOptions {
  std::string file, shards, out;
  std::string split = "val";
  double rate = 0.05;
};

constexpr int64_t kBatch = 4;

/// The bound on errors is one for videos that the networks have not seen.
void warn_of_seen_videos(const CalibrateOptions& options, const stages::Detector& detector, const std::string& digest,
                         distributed::World& world) {
  if (world.rank() != 0 || (options.split != "train" && options.split != "all")) { return; }
  for (const auto& [name, network] : detector.card.value("networks", nlohmann::json::object()).items()) {
    if (network.value("dataset_digest", "") != digest) { continue; }
    log::warn(
        fmt::format("[{}] '{}' was trained on videos of this dataset, and split {} holds those: its errors on others "
                    "will be more; use val or test",
                    options.shards, name, options.split));
  }
}

/// nullopt: a signal ended it.
std::optional<stages::CalibrationVideos> score(const CalibrateOptions& options, const stages::Detector& detector,
                                               std::string& digest, distributed::World& world) {
  const auto& branches = detector.branches;
  const int64_t clip = stages::clip_of(branches);
  const stages::FramesScored frames{kFramesTogether, clip > 0 ? (kFramesTogether + clip - 1) / clip : 1};
  data::DataConfig config;
  config.shards = options.shards;
  const auto stream = data::open(
      config, {stages::videos_to_score(branches, "calibrate", options.split, frames, kBatch * world.size())}, world);
  stages::require_same_crops(options.file, branches.front().name, detector.crops, stream->crops(), world.host_group());
  digest = stream->dataset_digest();
  warn_of_seen_videos(options, detector, digest, world);
  std::optional<stages::SampleTable> table;
  distributed::agree(world.host_group(), "calibrate", [&] { table = stages::SampleTable::read(options.shards); });
  const auto scores = stages::score_videos(branches, *stream, "calibrate", *table, nullptr, world);
  if (!scores) { return std::nullopt; }
  stages::CalibrationVideos videos;
  for (size_t i = 0; i < table->videos().size(); ++i) {
    const double p = scores->videos[static_cast<int64_t>(i)].mean().item<double>();
    const auto label = table->videos()[i].label;
    if (label < 0 || std::isnan(p)) { continue; }  // unknown; or of another split, or nothing was found in it
    (label == 1 ? videos.fake : videos.real).push_back(p);
  }
  return videos;
}

std::string summary_of(const stages::Calibration& c) {
  return fmt::format(
      "temperature {:.3f}; fake above {:.3f}, real below {:.3f}, uncertain between: of new videos like these {} real and "
      "{} fake ones, at most {} of the reals are called fake and of the fakes real\n",
      c.temperature, c.fake_above, c.real_below, c.real, c.fake, c.error_rate);
}

bool calibrate(const CalibrateOptions& options, distributed::World& world) {
  auto detector = load_detector(options.file, world);
  std::string digest;
  const auto videos = score(options, detector, digest, world);
  if (!videos) { return false; }
  detector.calibration = stages::calibrate(*videos, options.rate);
  detector.calibration.dataset_digest = digest;
  detector.calibration.split = options.split;
  distributed::agree(world.host_group(), "calibrate", [&] {
    if (world.rank() != 0) { return; }
    stages::write_detector(options.out.empty() ? options.file : options.out, detector);
    std::cout << summary_of(detector.calibration);
  });
  return true;
}

}  // namespace

void add_calibrate(CLI::App& app) {
  auto* command =
      app.add_subcommand("calibrate", "Let detect say real, fake or uncertain, by videos with known labels");
  auto options = std::make_shared<CalibrateOptions>();
  command->add_option("FILE", options->file, "A detector file of export")->required()->check(CLI::ExistingFile);
  command->add_option("--shards", options->shards, "Labelled videos that no stage was trained on")->required();
  command->add_option("--split", options->split, "Which of them: train, val, test or all")
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "val", "test", "all"}));
  command
      ->add_option("--false-positive-rate", options->rate,
                   "At most so many real videos are called fake; the same holds for fakes that are called real")
      ->capture_default_str()
      ->check(CLI::Range(1e-6, 0.5));
  command->add_option("--out", options->out, "Another file, instead of FILE itself");
  command->callback([options] {
    const stages::StopSignals signals;
    const bool done = distributed::in_world({}, [&](auto& world) { return calibrate(*options, world); });
    if (!done) { throw Error("[calibrate] a signal ended it; " + options->file + " is as it was"); }
  });
}

}  // namespace realface::launcher
