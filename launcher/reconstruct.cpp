#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "configs/run_folder.h"
#include "distributed/agreement.h"
#include "distributed/failure.h"
#include "launcher/commands.h"
#include "launcher/version.h"
#include "stages/reconstruct/predictors.h"
#include "stages/reconstruct/reconstruct.h"
#include "stages/reconstruct/restorable.h"
#include "stages/run.h"
#include "stages/signals.h"
#include "stages/training/frozen.h"
#include "stages/training/saved.h"
#include "stages/training/weights.h"

namespace realface::launcher {
namespace {

struct ReconstructOptions {
  std::string run, shards, mapping;
  stages::ReconstructConfig config;
  bool split_given = false;
};

/// A detector's own autoencoder, if it has one, must be the one that is looked at.
void require_own_autoencoder(models::Set& models, const std::string& run, const std::string& detector,
                             distributed::World& world) {
  const auto then = stages::saved_frozen(run, detector, "mae", world.host_group());
  if (then.is_null() || then.at("sha256") == models.sha256("mae")) { return; }
  throw ConfigError(fmt::format("[--mapping {}] was trained with another autoencoder: {}; restore faces with that one",
                                run, then.at("source").get<std::string>()));
}

/// Of a detector of local reconstruction errors.
void add_extractor(models::Set& models, const std::string& run, distributed::World& world) {
  auto& host = world.host_group();
  const auto config = stages::saved_provenance(run, "lre", host).at("config");
  const auto path = config.value("/weights/extractor"_json_pointer, "");
  stages::add_partner(models, path, "extractor", "xception", {run, "lre"}, world.device(), host);
}

/// Adds the network of a `stage: mapping`, `localization`, `rffr` or `lre`, and gives its name; "" without a run.
std::string add_detector(models::Set& models, const std::string& run, int64_t image, distributed::World& world) {
  if (run.empty()) { return ""; }
  auto& host = world.host_group();
  const auto holds = [&](const char* network) { return stages::holds_network(run, network, host); };
  static constexpr std::array kDetectors{"lre", "rffr", "localizer"};
  const auto found = std::ranges::find_if(kDetectors, holds);
  const std::string name = found == kDetectors.end() ? "mapping" : *found;
  stages::add_frozen(models, run, name, world.device(), host);
  require_own_autoencoder(models, run, name, world);
  if (name == "lre") { add_extractor(models, run, world); }
  const auto own = models.entry(name).description.value("image", image);
  if (own == image) { return name; }
  throw ConfigError(
      fmt::format("[--mapping {}] takes faces of {} pixels and the autoencoder of {}; name a run that was "
                  "trained on the same crops",
                  run, own, image));
}

/// Refuses faces that were cut out in another way than the detector's. Was it trained on this very dataset?
bool knows_dataset(const ReconstructOptions& options, const std::string& detector, const std::string& crops,
                   const data::Streams& data, distributed::Communicator& host) {
  if (detector.empty()) { return true; }
  const auto& run = options.mapping;
  if (crops == "same") {
    stages::require_same_crops(run, detector, stages::saved_crops(run, detector, host), data.crops(), host);
  }
  return stages::saved_provenance(run, detector, host).at("dataset_digest") == data.dataset_digest();
}

/// What training kept out, or failing that, what there is.
std::string usual_split(const stages::SampleTable& table) {
  for (const char* split : {"test", "val"}) {
    for (const auto& video : table.videos()) {
      if (video.split == split && video.label == 0 && video.frames > 0) { return split; }
    }
  }
  return "train";
}

/// nullptr where a signal came in between.
std::unique_ptr<stages::MeanPatches> mean_of_training(const ReconstructOptions& options, const configs::Config& config,
                                                      distributed::World& world) {
  const auto what = stages::restorable(*config.recipe);
  auto data = data::open(config.data, {stages::baseline_needs(options.config, what.model)}, world);
  const int64_t wanted = (options.config.baseline_faces + options.config.batch - 1) / options.config.batch;
  const stages::Normaliser pixels(what.pixels, what.model.patch, world.device(), what.model.tubelet);
  auto stage = std::make_unique<stages::MeanPatches>(
      pixels, std::min(std::max<int64_t>(1, wanted), data->steps_per_epoch()), world);
  const auto ending = stages::run(*stage, *data, world, {});
  return ending == stages::Ending::finished ? std::move(stage) : nullptr;
}

nlohmann::json provenance(const ReconstructOptions& options, const configs::Config& config,
                          const stages::LoadedWeights& loaded, const models::Set& set,
                          const std::string& dataset_digest) {
  const auto mask = stages::restorable(*config.recipe).mask;
  return {{"update", loaded.step},
          {"weights_sha256", models::weights_sha256(*set.entry("mae").module)},
          {"trained_on_dataset", loaded.dataset_digest},
          {"dataset", dataset_digest},
          {"trained_by_code", loaded.code_version},
          {"code", code_version()},
          {"mask_kind", mask.kind},
          {"mask_ratio", mask.ratio},
          {"mask_seed", options.config.seed}};
}

void tell(const stages::Reconstruction& result) {
  const auto line = [](const char* format, auto... values) {
    char text[200];
    std::snprintf(text, sizeof(text), format, values...);
    log::info(text);
  };
  line(
      "restored %lld real faces of split %s: error %.4f, guesses %.4f (neighbours) and %.4f (training mean), ratio %.3f",
      static_cast<long long>(result.held_out.frames), result.split.c_str(), result.model_error(),
      result.neighbours_error(), result.train_mean_error(), result.ratio());
  for (const auto& entry : result.classes) {
    if (entry.name != "real") {
      line("  %-28s error %.4f, 95 %% interval %.4f to %.4f, naive AUC %.3f", entry.name.c_str(), entry.error,
           entry.low, entry.high, entry.auc);
    }
  }
}

void forget_whom_training_saw(stages::Reconstruction& result) {
  log::warn("[reconstruct] these are other shards than a network was trained on: whom training saw is not known");
  result.seen_in_training.reset();
}

stages::Ending restore_faces(ReconstructOptions options, configs::Config config, distributed::World& world) {
  auto& wanted = options.config;
  // Any number of ranks serves: each takes as many faces of an update as another.
  wanted.batch = std::max<int64_t>(1, wanted.batch / world.size()) * world.size();
  wanted.seed = config.seed;
  stages::SampleTable table({});
  auto models = config.recipe->build(config.seed, world.device(), world.host_group());
  distributed::agree(world.host_group(), "reconstruct", [&] {
    table = stages::SampleTable::read(config.data.shards);
    if (!options.split_given) { wanted.split = usual_split(table); }
  });
  const auto loaded = stages::load_weights(options.run, models, "mae", world.host_group());
  // Once: to verify a large checkpoint takes long, and a run that goes on has another one soon.
  const auto chosen = stages::checkpoint_folder(options.mapping, world.host_group());
  if (!chosen.empty()) { options.mapping = chosen.string(); }
  const auto what = stages::restorable(*config.recipe);
  const auto detector = add_detector(models, options.mapping, what.model.image, world);
  if (wanted.split == "train" && world.rank() == 0) {
    log::warn("[reconstruct] faces of the training split are restored: their errors flatter the network");
  }
  const auto mean = mean_of_training(options, config, world);
  if (mean == nullptr) { return stages::Ending::interrupted; }

  auto data = data::open(config.data,
                         {stages::reconstruct_needs(wanted, what.model, what.mask, stages::locates(models))}, world);
  const bool known = knows_dataset(options, detector, config.data.crops, *data, world.host_group());
  stages::Reconstruct stage(wanted, what.pixels, models, table, mean->mean(), world);
  const auto ending = stages::run(stage, *data, world, {});
  if (ending != stages::Ending::finished) { return ending; }
  auto result = stage.result();
  result.baseline_faces = mean->faces();
  distributed::agree(world.host_group(), "reconstruct", [&] {
    if (world.rank() != 0) { return; }
    result.provenance = provenance(options, config, loaded, models, data->dataset_digest());
    if (!detector.empty()) { result.provenance["detector"] = models.entry(detector).source; }
    if (!known || data->dataset_digest() != loaded.dataset_digest) { forget_whom_training_saw(result); }
    stages::save_reconstruction(result, options.run);
  });
  tell(result);
  return ending;
}

void reconstruct(const ReconstructOptions& options) {
  auto config = configs::load_run(options.run);
  if (!options.shards.empty()) { config.data.shards = options.shards; }
  (void)stages::restorable(*config.recipe);  // refused before the world is joined
  const stages::StopSignals signals;         // over both loops: a signal that comes between them stops the second
  const auto ending =
      distributed::in_world(config.world, [&](auto& world) { return restore_faces(options, config, world); });
  if (ending == stages::Ending::interrupted) {
    throw Error("[reconstruct] stopped by a signal, nothing was written; start the same command again",
                ExitCode::requeue);
  }
}

}  // namespace

void add_reconstruct(CLI::App& app) {
  auto* command = app.add_subcommand(
      "reconstruct", "Restore hidden patches of held-out faces with a run's newest checkpoint, and measure the error");
  auto options = std::make_shared<ReconstructOptions>();
  command->add_option("RUN", options->run, "The run.dir of a training")->required();
  auto* split = command->add_option("--split", options->config.split,
                                    "Whose faces: test, val or train; by default the first of these with real faces");
  command->add_option("--shards", options->shards, "Another dataset than the run's own");
  command->add_option(
      "--mapping", options->mapping,
      "The run of a `stage: mapping`, `localization`, `rffr` or `lre`, whose mapped faces, masks, residuals or "
      "maps of differences are shown beside the restored ones");
  command->add_option("--batch", options->config.batch, "Faces an update, over all ranks")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--pictures", options->config.pictures, "Real faces to keep pictures of")->capture_default_str();
  command->callback([options, split] {
    options->split_given = split->count() > 0;
    reconstruct(*options);
  });
}

}  // namespace realface::launcher
