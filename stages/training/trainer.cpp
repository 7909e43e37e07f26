#include "stages/training/trainer.h"

#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/telemetry.h"
#include "models/layers/batch_norm.h"
#include "stages/training/gradient_clip.h"

namespace realface::stages {

using telemetry::Phase;
using telemetry::PhaseTimer;

/// How far the run is: part "stage". The bucket layout is kept because it fixes the order of the sums.
class Trainer::Progress final : public Part {
 public:
  Progress(distributed::GradientReducer& reducer, torch::Device device)
      : skipped(at::zeros({2}, torch::TensorOptions(torch::kFloat32).device(device))), reducer_(reducer) {}

  std::string part_name() const override { return "stage"; }
  std::vector<Slice> tensors() const override { return {replicated("skipped", skipped)}; }
  nlohmann::json values() const override { return {{"position", position}, {"buckets", reducer_.layout()}}; }
  void restore(const nlohmann::json& values) override {
    position = values.at("position").get<int64_t>();
    reducer_.set_layout(values.at("buckets").get<std::vector<std::vector<std::string>>>());
    copies_are_stale = true;
  }

  int64_t position = 0;
  torch::Tensor skipped;         // f32 [2]: updates skipped in a row until now, and in all
  bool copies_are_stale = true;  // networks were built or restored after the last refresh of their copies

 private:
  distributed::GradientReducer& reducer_;
};

Trainer::Trainer(const TrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch,
                 const Optimizer::Rule& rule)
    : config_(config),
      world_(world),
      steps_(step_count(config, steps_per_epoch)),
      schedule_(config.schedule, steps_, config.batch, steps_per_epoch),
      dtype_(config.dtype == "bf16" ? torch::kBFloat16 : torch::kFloat32) {
  add_networks(set);
  std::vector<torch::Tensor> working;
  std::vector<distributed::NamedTensor> reduced;
  for (const auto& [name, parameter] : trained(/*working=*/true)) {
    working.push_back(parameter);
    reduced.push_back({name, parameter});
  }
  optimizer_ = std::make_unique<Optimizer>(config.optimizer, trained(/*working=*/false), working, rule);
  distributed::ReducerConfig buckets;
  buckets.bucket_bytes = config.bucket_mb << 20;
  reducer_ = std::make_unique<distributed::GradientReducer>(std::move(reduced), world.group(), buckets);
  progress_ = std::make_unique<Progress>(*reducer_, world.device());
}

Trainer::~Trainer() = default;

void Trainer::add_networks(models::Set& set) {
  for (const auto& [name, entry] : set.entries()) {
    Network network{entry.module, entry.module, entry.frozen};
    if (dtype_ == torch::kBFloat16 && !entry.frozen) {
      if (!entry.again) {
        throw ConfigError(fmt::format("[train] network '{}' cannot be trained in bf16; use train.dtype=fp32", name));
      }
      network.working = entry.again();
      network.working->to(world_.device(), dtype_);
    }
    networks_[name] = std::move(network);
  }
}

/// Names are the network's own if one is trained, else "network/name".
std::vector<Optimizer::Named> Trainer::trained(bool working) const {
  size_t count = 0;
  for (const auto& [name, network] : networks_) { count += network.frozen ? 0 : 1; }
  std::vector<Optimizer::Named> parameters;
  for (const auto& [name, network] : networks_) {
    if (network.frozen) { continue; }
    for (const auto& item : (working ? network.working : network.master)->named_parameters()) {
      if (!item.value().requires_grad()) { continue; }
      parameters.emplace_back(count > 1 ? name + "/" + item.key() : item.key(), item.value());
    }
  }
  return parameters;
}

torch::nn::Module& Trainer::working_module(const std::string& network) {
  const auto found = networks_.find(network);
  if (found == networks_.end()) { throw Error(fmt::format("[train] this stage has no network '{}'", network)); }
  return *found->second.working;
}

void Trainer::throw_wrong_type(const std::string& network) {
  throw Error(
      fmt::format("[train] network '{}' is of another architecture than this stage needs; check the recipe", network));
}

int64_t Trainer::position() const { return progress_->position; }

std::vector<Part*> Trainer::parts() { return {optimizer_.get(), progress_.get()}; }

void Trainer::refresh_copies() {
  const torch::NoGradGuard no_grad;
  for (auto& [name, network] : networks_) {
    if (network.working == network.master) { continue; }
    at::_foreach_copy_(network.working->parameters(), network.master->parameters());
    const auto copies = network.working->buffers();
    if (!copies.empty()) { at::_foreach_copy_(copies, network.master->buffers()); }
  }
  progress_->copies_are_stale = false;
}

void Trainer::begin() {
  if (progress_->copies_are_stale) { refresh_copies(); }
  reducer_->zero();
}

void Trainer::backward(const torch::Tensor& loss, bool last) {
  const PhaseTimer timer(Phase::backward);
  reducer_->begin(/*synchronise=*/last);
  loss.backward();
}

StepReport Trainer::end(torch::Tensor loss, int64_t samples) {
  reducer_->finish();
  const PhaseTimer timer(Phase::optimizer);
  const torch::NoGradGuard no_grad;
  StepReport report;
  report.loss = std::move(loss);
  report.grad_norm = gradient_norm(reducer_->flat_gradients());
  report.learning_rate = schedule_.at(progress_->position);
  report.samples = samples;
  const auto skip = not_finite(report.grad_norm);
  optimizer_->step(report.learning_rate, clip_divisor(report.grad_norm, config_.clip), skip);
  move_statistics();
  report.skipped_in_a_row = progress_->skipped.select(0, 0);
  report.skipped_in_all = progress_->skipped.select(0, 1);
  report.skipped_in_a_row.add_(1).mul_(skip.squeeze());
  report.skipped_in_all.add_(skip.squeeze());
  ++progress_->position;
  return report;
}

void Trainer::move_statistics() {
  for (auto& [name, network] : networks_) {
    if (network.frozen) { continue; }
    models::move_running_statistics(*network.working, *network.master,
                                    [&](torch::Tensor& sums) { world_.group().all_reduce(sums)->wait(); });
  }
}

void Trainer::finish() const {
  for (const auto& [name, parameter] : trained(/*working=*/false)) {
    if (parameter.isfinite().all().item<bool>()) { continue; }
    throw Error(fmt::format(
        "[train] the weights of {} are not finite after the last update, so this run diverged and is not finished; "
        "begin again in a new run.dir with a smaller train.lr or train.weight_decay, or train.clip=1",
        name));
  }
}

}  // namespace realface::stages
