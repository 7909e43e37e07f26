#include "stages/mapping/stage.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>

#include "base/telemetry.h"

namespace realface::stages {
namespace {

TrainConfig with_batch(const MappingStageConfig& config) {
  auto train = config.train;
  train.batch = config.meta.episodes * config.meta.faces();
  return train;
}

}  // namespace

Mapping::Mapping(const MappingStageConfig& config, const Walk& walk)
    : TrainerStage(with_batch(config), walk.models, walk.world, walk.data.steps_per_epoch(), Optimizer::all_decayed),
      config_(config),
      world_(walk.world),
      seed_(walk.seed),
      pixels_("imagenet", 1, walk.world.device()) {}

torch::ScalarType Mapping::dtype() {
  return trainer_.working<models::MappingNetImpl>("mapping").parameters().front().scalar_type();
}

/// Every reference set is the same in all updates.
void Mapping::read_references(const data::Step& step) {
  if (config_.meta.mode != "episodes" || config_.meta.reference == 0 || !references_.empty()) { return; }
  for (int64_t domain = 0; domain < config_.meta.domain_count(); ++domain) {
    const auto name = reference_stream(config_.meta, domain);
    const auto& batch = step.streams.at(name).front();
    require_distinct(batch, name, config_.meta.reference);
    references_[domain] = {pixels_.planes(batch.images).to(dtype()), {}, batch.labels};
  }
}

int64_t Mapping::episodes_in(const data::Step& step, size_t micro) const {
  return step.streams.at(fakes_stream(config_.meta, 0))[micro].size() / config_.meta.samples;
}

std::vector<Faces> Mapping::faces_of(const data::Step& step, size_t micro, int64_t episode) {
  const auto& meta = config_.meta;
  const int64_t n = meta.samples;
  const auto& reals = step.streams.at(kRealStream)[micro];
  const int64_t first_real = episode * (reals.size() / episodes_in(step, micro));
  std::vector<Faces> all;
  const auto add = [&](const std::string& stream) {
    const auto& fakes = step.streams.at(stream)[micro];
    const int64_t real = first_real + static_cast<int64_t>(all.size()) * n, fake = episode * n;
    const auto both = [&](const torch::Tensor& a, const torch::Tensor& b) {
      return at::cat({a.narrow(0, real, n), b.narrow(0, fake, n)});
    };
    all.push_back({pixels_.planes(both(reals.images, fakes.images)).to(dtype()),
                   both(reals.companion, fakes.companion).to(dtype()), both(reals.labels, fakes.labels)});
  };
  for (int64_t domain = 0; domain < meta.domain_count(); ++domain) { add(fakes_stream(meta, domain)); }
  if (step.streams.contains(kFreshStream)) { add(kFreshStream); }
  return all;
}

MappingLosses Mapping::losses_of(const data::Step& step, size_t micro, int64_t episode) {
  const telemetry::PhaseTimer timer(telemetry::Phase::forward);
  auto& network = trainer_.working<models::MappingNetImpl>("mapping");
  const auto faces = faces_of(step, micro, episode);
  if (config_.meta.mode == "none") { return plain_losses(network, config_, faces); }
  // Which episode of the update it is, whatever the world size: groups are dealt in turn.
  const int64_t mine = static_cast<int64_t>(micro) * episodes_in(step, micro) + episode;
  const int64_t number = mine * world_.size() + world_.rank();
  return episode_losses(network, config_, draw_domains(config_.meta, seed_, trainer_.position(), number), faces,
                        references_);
}

StepReport Mapping::step(const data::Step& step) {
  trainer_.begin();
  read_references(step);
  const auto& reals = step.streams.at(kRealStream);
  const auto episodes = static_cast<double>(config_.meta.episodes);
  torch::Tensor loss;
  std::map<std::string, torch::Tensor> values;
  const auto add = [&](const char* name, const torch::Tensor& value) {
    auto& sum = values[name];
    sum = sum.defined() ? sum + value / episodes : value / episodes;
  };
  for (size_t micro = 0; micro < reals.size(); ++micro) {
    for (int64_t episode = 0; episode < episodes_in(step, micro); ++episode) {
      const auto losses = losses_of(step, micro, episode);
      const auto share = losses.total / episodes;
      trainer_.backward(share, micro + 1 == reals.size() && episode + 1 == episodes_in(step, micro));
      loss = loss.defined() ? loss + share.detach() : share.detach();
      add("L_cls", losses.cls), add("L_mse", losses.mse), add("accuracy", losses.right);
      if (config_.meta.mode == "episodes") { add("k", at::full({}, losses.k, share.detach().options())); }
    }
  }
  auto report = trainer_.end(loss, config_.meta.episodes * config_.meta.faces());
  report.values = std::move(values);
  return report;
}

}  // namespace realface::stages
