#include "stages/composite/stage.h"

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "data/order/cover.h"
#include "data/shards/manifest.h"
#include "distributed/agreement.h"

namespace realface::stages {

/// Updates done; the stream knows which faces they were, and their rows are in the file.
class Composite::Progress final : public Part {
 public:
  std::string part_name() const override { return "stage"; }
  std::vector<Slice> tensors() const override { return {}; }
  nlohmann::json values() const override { return {{"position", position}}; }
  void restore(const nlohmann::json& values) override { position = values.at("position").get<int64_t>(); }

  int64_t position = 0;
};

Composite::Composite(const CompositeConfig& config, const Walk& walk)
    : config_(config),
      walk_(walk),
      pixels_(config.pixels, config.model.patch, walk.world.device(), config.model.tubelet),
      network_(walk.models.get<models::MaskedAutoencoder>("mae")),
      progress_(std::make_unique<Progress>()) {
  network_->eval();
  const int64_t side = config.model.image / config.shrink;
  distributed::agree(walk.world.host_group(), "companion", [&] {
    facts_.shape = {3, side, side};
    facts_.rows = static_cast<uint64_t>(data::Manifest::load(walk.data_config.shards).frames());
    facts_.split = config.split;
    facts_.shortest = config.model.frames;
    if (config.model.of_clips()) { table_ = SampleTable::read(walk.data_config.shards); }
    facts_.dataset_digest = walk.data.dataset_digest();
    facts_.weights_sha256 = walk.models.sha256("mae");
    facts_.settings = {{"source", walk.models.entry("mae").source},
                       {"licences", walk.models.entry("mae").licences},
                       {"mode", config.mode},
                       {"cover", config.cover},
                       {"shrink", config.shrink},
                       {"seed", walk.seed}};
    writer_.emplace(walk.run_dir, facts_);
  });
}

Composite::~Composite() = default;

int64_t Composite::steps() const { return std::numeric_limits<int64_t>::max(); }

int64_t Composite::position() const { return progress_->position; }

std::vector<Part*> Composite::parts() { return {progress_.get()}; }

torch::Tensor Composite::restored(const data::Batch& batch) {
  return config_.mode == "full" ? decode_whole(*network_, pixels_, batch.images)
                                : inpaint(*network_, pixels_, batch.images, batch.mask, batch.visible_max);
}

/// Which frames of a clip get their rows from it: [first, last) of its own.
std::pair<int64_t, int64_t> Composite::own_frames(int64_t sample) const {
  if (!table_) { return {0, 1}; }
  const auto& video = table_->videos()[table_->video_of(sample)];
  return data::ClipCover{video.frames, config_.model.frames}.own(sample - video.first);
}

void Composite::write(const data::Batch& batch) {
  const int64_t frames = config_.model.frames;
  const auto rows = shrunk(restored(batch), config_.shrink).cpu();
  const auto weights = batch.weights.cpu();
  for (int64_t i = 0; i < batch.size(); ++i) {
    if (weights[i].item<float>() == 0) { continue; }  // padding, or a damaged frame
    const auto [first, last] = own_frames(batch.samples[static_cast<size_t>(i)]);
    for (int64_t at = i * frames + first; at < i * frames + last; ++at) {
      const auto* values = static_cast<const uint16_t*>(rows[at].const_data_ptr());
      writer_->write(static_cast<uint64_t>(batch.frames[static_cast<size_t>(at)]), values);
    }
  }
}

StepReport Composite::step(const data::Step& step) {
  const torch::NoGradGuard no_grad;
  const telemetry::PhaseTimer timer(telemetry::Phase::forward);
  StepReport report;
  for (const auto& batch : step.streams.at(kStream)) {
    write(batch);
    report.samples += batch.size() * walk_.world.size();
  }
  ++progress_->position;
  return report;
}

void Composite::finish() {
  auto& host = walk_.world.host_group();
  distributed::agree(host, "companion", [&] { writer_->sync(); });
  distributed::agree(host, "companion", [&] {
    if (walk_.world.rank() != 0) { return; }
    data::CompanionWriter::seal(walk_.run_dir, facts_);
    log::info(fmt::format("restored faces of {} frames are in {}", facts_.rows,
                          (walk_.run_dir / data::kCompanionFile).string()));
  });
}

}  // namespace realface::stages
