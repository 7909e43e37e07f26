#include "stages/episodes/episode_stage.h"

#include <ATen/ops/full.h>

#include "base/telemetry.h"

namespace realface::stages {
namespace {

TrainConfig with_batch(const EpisodeSettings& settings) {
  auto train = settings.train;
  train.batch = settings.meta.episodes * settings.meta.faces();
  return train;
}

/// Samples [first, first + count) of a batch.
data::Batch part_of(const data::Batch& batch, int64_t first, int64_t count) {
  data::Batch part;
  for (const auto member : data::kBatchTensors) {
    const auto& whole = batch.*member;
    part.*member = whole.defined() ? whole.narrow(0, first, count) : whole;
  }
  part.epochs.assign(batch.epochs.begin() + first, batch.epochs.begin() + first + count);
  part.samples.assign(batch.samples.begin() + first, batch.samples.begin() + first + count);
  return part;
}

Faces faces_from(const data::Batch& batch, Normaliser& pixels, torch::ScalarType dtype) {
  Faces faces{pixels.planes(batch.images).to(dtype), batch.labels, {}, {}, {}, batch.epochs, batch.samples};
  if (batch.companion.defined()) { faces.targets = batch.companion.to(dtype); }
  if (batch.tampered.defined()) {
    faces.truth = batch.tampered.eq(1).to(dtype).unsqueeze(1);
    faces.known = batch.tampered.flatten(1).select(1, 0).ne(data::kNotKnown).to(dtype);
  }
  return faces;
}

}  // namespace

EpisodeStage::EpisodeStage(const std::string& name, const EpisodeSettings& settings, std::unique_ptr<Learner> learner,
                           const Walk& walk)
    : TrainerStage(with_batch(settings), walk.models, walk.world, walk.data.steps_per_epoch(), Optimizer::all_decayed),
      name_(name),
      config_(settings),
      learner_(std::move(learner)),
      world_(walk.world),
      seed_(walk.seed),
      pixels_("imagenet", 1, walk.world.device()) {}

torch::ScalarType EpisodeStage::dtype() {
  return trainer_.working<torch::nn::Module>(name_).parameters().front().scalar_type();
}

/// Every reference set is the same in all updates.
void EpisodeStage::read_references(const data::Step& step) {
  if (config_.meta.mode != "episodes" || config_.meta.reference == 0 || !references_.empty()) { return; }
  for (int64_t domain = 0; domain < config_.meta.domain_count(); ++domain) {
    const auto name = reference_stream(config_.meta, domain);
    const auto& batch = step.streams.at(name).front();
    require_distinct(batch, name, config_.meta.reference);
    references_[domain] = faces_from(batch, pixels_, dtype());
  }
}

int64_t EpisodeStage::episodes_in(const data::Step& step, size_t micro) const {
  return step.streams.at(fakes_stream(config_.meta, 0))[micro].size() / config_.meta.samples;
}

std::vector<Faces> EpisodeStage::faces_of(const data::Step& step, size_t micro, int64_t episode) {
  const auto& meta = config_.meta;
  const int64_t n = meta.samples;
  const auto& reals = step.streams.at(kRealStream)[micro];
  const int64_t first_real = episode * (reals.size() / episodes_in(step, micro));
  std::vector<Faces> all;
  const auto add = [&](const std::string& stream) {
    const auto& fakes = step.streams.at(stream)[micro];
    const int64_t real = first_real + static_cast<int64_t>(all.size()) * n;
    all.push_back(joined(faces_from(part_of(reals, real, n), pixels_, dtype()),
                         faces_from(part_of(fakes, episode * n, n), pixels_, dtype())));
  };
  for (int64_t domain = 0; domain < meta.domain_count(); ++domain) { add(fakes_stream(meta, domain)); }
  if (step.streams.contains(kFreshStream)) { add(kFreshStream); }
  return all;
}

EpisodeLosses EpisodeStage::losses_of(const data::Step& step, size_t micro, int64_t episode, std::vector<Faces> faces) {
  const telemetry::PhaseTimer timer(telemetry::Phase::forward);
  if (config_.meta.mode == "none") { return plain_losses(*learner_, config_.weights, faces); }
  // Which episode of the update it is, whatever the world size: groups are dealt in turn.
  const int64_t mine = static_cast<int64_t>(micro) * episodes_in(step, micro) + episode;
  const int64_t number = mine * world_.size() + world_.rank();
  const auto split = draw_domains(config_.meta, seed_, trainer_.position(), number);
  return episode_losses(*learner_, config_.meta, config_.weights, split, std::move(faces), references_);
}

StepReport EpisodeStage::step(const data::Step& step) {
  trainer_.begin();
  read_references(step);
  const auto& reals = step.streams.at(kRealStream);
  const auto episodes = static_cast<double>(config_.meta.episodes);
  torch::Tensor loss;
  std::map<std::string, torch::Tensor> values;
  const auto add = [&](const char* name, const torch::Tensor& value) {
    if (!value.defined()) { return; }
    auto& sum = values[name];
    sum = sum.defined() ? sum + value / episodes : value / episodes;
  };
  for (size_t micro = 0; micro < reals.size(); ++micro) {
    for (int64_t episode = 0; episode < episodes_in(step, micro); ++episode) {
      auto faces = faces_of(step, micro, episode);
      for (const auto& one : faces) { add("unmasked", one.known.defined() ? (1 - one.known).sum() : one.known); }
      const auto losses = losses_of(step, micro, episode, std::move(faces));
      const auto share = losses.total / episodes;
      trainer_.backward(share, micro + 1 == reals.size() && episode + 1 == episodes_in(step, micro));
      loss = loss.defined() ? loss + share.detach() : share.detach();
      add("L_cls", losses.cls), add("L_mse", losses.mse), add("L_loc", losses.loc), add("accuracy", losses.right);
      if (config_.meta.mode == "episodes") { add("k", at::full({}, losses.k, share.detach().options())); }
    }
  }
  auto report = trainer_.end(loss, config_.meta.episodes * config_.meta.faces());
  report.values = std::move(values);
  return report;
}

}  // namespace realface::stages
