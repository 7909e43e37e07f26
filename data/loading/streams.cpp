#include "data/streams.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/sha256.h"
#include "data/loading/stream.h"
#include "distributed/agreement.h"

namespace realface::data {
namespace {

/// The multiples of `unit` around `batch`.
std::string nearest_batches(int64_t batch, int64_t unit) {
  const int64_t below = batch / unit * unit, above = below + unit;
  if (below == 0) { return std::to_string(above) + " works"; }
  const bool lower_first = batch - below <= above - batch;
  return std::to_string(lower_first ? below : above) + " works, or " + std::to_string(lower_first ? above : below);
}

void check_batch(const StreamNeeds& needs, int64_t ranks) {
  if (needs.accumulate < 1 || needs.batch < 1) {
    throw ConfigError("[train.batch] is " + std::to_string(needs.batch) + " with train.accumulate " +
                      std::to_string(needs.accumulate) + "; both must be at least 1");
  }
  const int64_t pieces = (needs.fixed ? 1 : ranks) * needs.accumulate, unit = pieces * needs.group;
  if (needs.batch % unit == 0) { return; }
  if (needs.group > 1) {
    throw ConfigError("[train.batch] " + std::to_string(needs.batch / needs.group) + " groups of " +
                      std::to_string(needs.group) + " samples, which belong together, cannot be divided among " +
                      std::to_string(ranks) + " ranks x " + std::to_string(needs.accumulate) +
                      " micro-batches (train.accumulate); choose a number of groups that they divide");
  }
  throw ConfigError("[train.batch] " + std::to_string(needs.batch) + " samples cannot be divided among " +
                    std::to_string(ranks) + " ranks x " + std::to_string(needs.accumulate) +
                    " micro-batches (train.accumulate); train.batch=" + nearest_batches(needs.batch, unit));
}

void check_geometry(const StreamNeeds& needs, const Manifest& manifest) {
  if (manifest.height != needs.image || manifest.width != needs.image) {
    throw ConfigError("[data.shards] holds crops of " + std::to_string(manifest.height) + " x " +
                      std::to_string(manifest.width) + " pixels; the model takes " + std::to_string(needs.image) +
                      " x " + std::to_string(needs.image) + "; preprocess with --size " + std::to_string(needs.image) +
                      " or choose another model.image");
  }
  if (needs.patch < 1 || needs.image % needs.patch != 0) {
    throw ConfigError("[model.patch] " + std::to_string(needs.patch) + " pixels do not divide the image of " +
                      std::to_string(needs.image));
  }
}

/// What a recipe says of the faces that it takes.
void check_faces(const DataConfig& config, const std::string& folder, const Manifest& manifest) {
  const auto align = manifest.crops().value("align", "none");
  if (config.align != "any" && config.align != align) {
    throw ConfigError(fmt::format(
        "[data.align] is {}, but the faces in {} are aligned by {}; preprocess with --align {}, or give data.align=any",
        config.align, folder, align, config.align));
  }
  const auto& there = manifest.names.compression;
  const bool other = std::ranges::any_of(there, [&](const auto& level) { return level != config.compression; });
  if (!config.compression.empty() && (other || there.empty())) {
    throw ConfigError(fmt::format(
        "[data.compression] is {}, but the videos in {} are {}; preprocess those of {} alone, or give data.compression=",
        config.compression, folder, there.empty() ? "unknown" : fmt::format("{}", fmt::join(there, ", ")),
        config.compression));
  }
}

void check_kind(const StreamNeeds& needs) {
  if (needs.augment.smallest <= 0 || needs.augment.smallest > 1) {
    throw ConfigError("[augment] smallest is " + std::to_string(needs.augment.smallest) +
                      "; expected a share of the area, over 0 and at most 1");
  }
  if (needs.augment.shift < 0 || needs.augment.shift >= needs.image) {
    throw ConfigError("[train.shift] " + std::to_string(needs.augment.shift) +
                      " pixels would move a face out of its picture of " + std::to_string(needs.image) + "; give less");
  }
  if (!needs.companion.empty() && has_frames(unit_of(needs.unit))) {
    throw ConfigError(
        "[data] the rows of a companion belong to single frames; a stream with one takes no clips or segments");
  }
  if (needs.truth && needs.sbi > 0) {
    throw ConfigError("[data.truth] the masks of a dataset say nothing of self-blended fakes; ask for one of the two");
  }
  if (needs.sbi == 0) { return; }
  if (needs.sbi < 0 || needs.sbi > 1 || needs.label != "real" || has_frames(unit_of(needs.unit))) {
    throw ConfigError(
        "[data.sbi] self-blended fakes are made of real frames: expected a share from 0 to 1 and a stream of real frames or videos, not of " +
        needs.label + " " + needs.unit + "s");
  }
}

void check_config(const DataConfig& config) {
  if (config.shards.empty()) {
    throw ConfigError("[data.shards] names no folder; expected one that `realface preprocess` made");
  }
  if (config.workers < 0 || config.prefetch < 1) {
    throw ConfigError("[data] workers is " + std::to_string(config.workers) + " and prefetch " +
                      std::to_string(config.prefetch) + "; expected workers of 0 or more and prefetch of 1 or more");
  }
  if (config.order != "global" && config.order != "window") {
    throw ConfigError("[data.order] is '" + config.order + "'; known: global, window");
  }
  if (config.block_mb < 1 || config.window_blocks < 1) {
    throw ConfigError("[data] block_mb is " + std::to_string(config.block_mb) + " and window_blocks " +
                      std::to_string(config.window_blocks) + "; both must be at least 1");
  }
}

class StreamSet : public Streams {
 public:
  StreamSet(const DataConfig& config, const std::vector<StreamNeeds>& needs, std::shared_ptr<const Dataset> dataset,
            distributed::World& world)
      : digest_(dataset->digest()), crops_(dataset->manifest().crops()) {
    for (const StreamNeeds& one : needs) { streams_.push_back(std::make_unique<Stream>(config, one, dataset, world)); }
  }

  std::optional<Step> next() override {
    Step step;
    step.index = streams_.front()->updates();
    for (auto& stream : streams_) {
      auto update = stream->next();
      if (!update) { return std::nullopt; }
      step.streams[stream->name()] = std::move(update->batches);
      step.masked[stream->name()] = update->masked;
    }
    return step;
  }

  int64_t steps_per_epoch() const override { return streams_.front()->steps_per_epoch(); }
  int64_t samples() const override { return streams_.front()->samples(); }
  std::string dataset_digest() const override { return digest_; }
  nlohmann::json crops() const override { return crops_; }
  std::vector<Part*> parts() override {
    std::vector<Part*> parts;
    for (auto& stream : streams_) { parts.push_back(stream.get()); }
    return parts;
  }

 private:
  std::string digest_;
  nlohmann::json crops_;
  std::vector<std::unique_ptr<Stream>> streams_;
};

/// For a stage that opens its streams itself: steps without batches, for ever.
class NoStreams final : public Streams {
 public:
  explicit NoStreams(std::string digest) : digest_(std::move(digest)) {}
  std::optional<Step> next() override {
    Step step;
    step.index = index_++;
    return step;
  }
  int64_t steps_per_epoch() const override { return 0; }
  int64_t samples() const override { return 0; }
  std::string dataset_digest() const override { return digest_; }
  std::vector<Part*> parts() override { return {}; }

 private:
  std::string digest_;
  int64_t index_ = 0;
};

std::string checked_digest(const DataConfig& config, const Folders& folders) {
  const auto manifest = Manifest::load(folders);
  check_faces(config, folders.text(), manifest);
  return manifest.digest();
}

/// Over the digests of every folder that the configuration names.
std::string digest_of_all(const DataConfig& config) {
  if (config.sets.empty()) { return checked_digest(config, config.shards); }
  std::string digests;
  for (const auto& [name, folder] : config.sets) { digests += name + " " + checked_digest(config, folder) + "\n"; }
  return sha256_hex(digests);
}

std::unique_ptr<Streams> open_none(const DataConfig& config, distributed::World& world) {
  std::unique_ptr<Streams> none;
  distributed::agree(world.host_group(), "data", [&] { none = std::make_unique<NoStreams>(digest_of_all(config)); });
  return none;
}

}  // namespace

std::unique_ptr<Streams> open(const DataConfig& config, const std::vector<StreamNeeds>& needs,
                              distributed::World& world) {
  if (needs.empty()) { return open_none(config, world); }
  check_config(config);
  std::vector<std::string> splits;
  std::set<std::string> names;
  for (const StreamNeeds& one : needs) {
    check_batch(one, world.size());
    check_kind(one);
    splits.push_back(one.split);
    if (!names.insert(one.name).second) { throw Error("[data] two streams are named '" + one.name + "'"); }
  }
  const auto dataset = Dataset::open(config.shards, splits, world.host_group(),
                                     [&world](size_t bytes) { return world.node_block(bytes); });
  check_faces(config, config.shards.text(), dataset->manifest());
  for (const StreamNeeds& one : needs) { check_geometry(one, dataset->manifest()); }
  std::unique_ptr<Streams> streams;
  distributed::agree(world.host_group(), "data",
                     [&] { streams = std::make_unique<StreamSet>(config, needs, dataset, world); });
  return streams;
}

}  // namespace realface::data
