#include "stages/episodes/settings.h"

#include <fmt/format.h>

#include "base/error.h"
#include "data/loading/companion.h"
#include "distributed/agreement.h"
#include "stages/training/saved.h"

namespace realface::stages {

/// Base rate 0.1 for 256 faces, 200 of 4,000 updates are warm-up.
EpisodeSettings::EpisodeSettings() {
  train.steps = 4000;
  train.optimizer.kind = "sgd";
  train.optimizer.weight_decay = 5e-4;
  train.schedule.lr = 0.1;
  train.schedule.warmup = 0.05;
  train.clip = 5;
}

void fields(Visitor& v, EpisodeSettings& s, bool locates) {
  group(v, "meta", [&] { stages::fields(v, s.meta); });
  group(v, "loss", [&] {
    v.field("cls", s.weights.cls, within(0, 1e6));
    v.field("mse", s.weights.mse, within(0, 1e6));
    if (locates) { v.field("loc", s.weights.loc, within(0, 1e6)); }
  });
  group(v, "train", [&] { stages::fields(v, s.train, /*with_batch=*/false); });
}

void check(const EpisodeSettings& s, bool maps, Checker& checker) {
  stages::check(s.meta, checker);
  auto train = s.train;
  train.batch = train.accumulate;  // episodes are dealt, not single faces
  stages::check(train, checker);
  if (maps && s.recovered.empty()) {
    checker.fault({"weights.recovered"}, "weights.recovered is not set; name the entry or run of a `stage: composite`");
  }
  if (s.train.dtype != "fp32") {
    checker.fault({"train.dtype"}, "train.dtype must be fp32: the inner loop needs gradients of gradients");
  }
}

data::StreamNeeds faces_needed(const EpisodeSettings& s, int64_t image, uint64_t seed) {
  data::StreamNeeds faces;
  faces.unit = "video";
  faces.augment = augmentation(s.train);
  faces.accumulate = s.train.accumulate;
  faces.seed = seed;
  faces.image = image;
  faces.patch = 1;  // there are no patches
  faces.mask.kind = "none";
  return faces;
}

void require_current_targets(const EpisodeSettings& s, distributed::Communicator& host) {
  if (s.mae.empty()) { return; }
  const auto wanted = saved_sha256(s.mae, "mae", host);
  distributed::agree(host, "companion", [&] {
    const auto made_by = data::Companion::facts_of(s.recovered).weights_sha256;
    if (made_by == wanted) { return; }
    throw DataError(
        fmt::format("[weights.recovered] {} was restored by weights of SHA-256 {}, but {} now holds {}: it is stale; "
                    "run its stage again in a new run.dir",
                    s.recovered, made_by, s.mae, wanted));
  });
}

void take_licences_of_targets(const EpisodeSettings& s, models::Set& models, const std::string& network,
                              distributed::Communicator& host) {
  if (s.recovered.empty()) { return; }
  std::set<std::string> licences;
  distributed::agree(host, "companion", [&] {
    const auto settings = data::Companion::facts_of(s.recovered).settings;
    if (settings.is_object()) { licences = settings.value("licences", licences); }  // an older companion does not say
  });
  models.note_source(network, models.entry(network).source, licences);
}

}  // namespace realface::stages
