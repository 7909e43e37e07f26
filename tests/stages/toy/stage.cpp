#include "tests/stages/toy/stage.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <limits>

#include "models/layers/linear.h"
#include "stages/run.h"

namespace realface::stages {
namespace {

/// Adds up the left map's error over a stream that ends.
class Scores final : public Stage {
 public:
  Scores(const ToyFeatures& features, models::MaeImpl& teacher, models::Linear& left, distributed::World& world)
      : features_(features), teacher_(teacher), left_(left), world_(world) {}

  std::string name() const override { return "toy scores"; }
  int64_t steps() const override { return std::numeric_limits<int64_t>::max(); }
  int64_t position() const override { return position_; }
  StepReport step(const data::Step& step) override {
    const torch::NoGradGuard no_grad;
    for (const auto& batch : step.streams.at("val")) {
      const auto error = (left_.forward(features_.of(teacher_, batch)) - 1).square().mean(-1) * batch.weights;
      sums_ += at::tensor({error.sum().item<double>(), batch.weights.sum().item<double>()}, torch::kFloat64);
    }
    ++position_;
    return {};
  }
  void finish() override { world_.host_group().all_reduce(sums_)->wait(); }
  std::vector<Part*> parts() override { return {}; }

  double mean() const { return (sums_[0] / sums_[1]).item<double>(); }

 private:
  const ToyFeatures& features_;
  models::MaeImpl& teacher_;
  models::Linear& left_;
  distributed::World& world_;
  int64_t position_ = 0;
  torch::Tensor sums_ = at::zeros({2}, torch::kFloat64);
};

}  // namespace

torch::Tensor ToyFeatures::of(models::MaeImpl& teacher, const data::Batch& batch) const {
  const torch::NoGradGuard no_grad;
  const auto patches = pixels_.patches(batch.images);
  const auto mask = at::zeros({patches.size(0), patches.size(1)}, patches.options().dtype(torch::kBool));
  return teacher.encode(patches, models::visible_tokens(mask, patches.size(1), true)).select(1, 0);
}

Toy::Toy(const ToyConfig& config, const Walk& walk)
    : config_(config),
      walk_(walk),
      features_(config, walk.world.device()),
      trainer_(config.train, walk.models, walk.world, walk.data.steps_per_epoch()) {}

StepReport Toy::step(const data::Step& step) {
  trainer_.begin();
  auto& teacher = trainer_.working<models::MaeImpl>("teacher");
  auto& left = trainer_.working<models::Linear>("left");
  auto& right = trainer_.working<models::Linear>("right");
  const auto& frames = step.streams.at("frames");
  const auto& videos = step.streams.at("videos");
  const double scale = 1.0 / static_cast<double>(config_.train.batch);
  torch::Tensor sum_left = at::zeros({}), sum_right = at::zeros({});
  for (size_t i = 0; i < frames.size(); ++i) {
    const auto seen = features_.of(teacher, frames[i]), other = features_.of(teacher, videos[i]);
    const auto loss_left = (left.forward(seen) - 1).square().mean(-1).sum() * scale;
    const auto target = left.forward(other).detach();
    const auto loss_right = (right.forward(other) - target).square().mean(-1).sum() * scale;
    trainer_.backward(loss_left + loss_right, i + 1 == frames.size());
    sum_left += loss_left.detach();
    sum_right += loss_right.detach();
  }
  auto report = trainer_.end(sum_left + sum_right, config_.train.batch);
  report.values = {{"L_left", sum_left}, {"L_right", sum_right}};
  return report;
}

std::map<std::string, double> Toy::evaluate() {
  data::StreamNeeds val;
  val.name = "val";
  val.split = "val";
  val.endless = false;
  val.batch = 4 * walk_.world.size();
  val.image = config_.model.image;
  val.patch = config_.model.patch;
  val.mask.kind = "none";
  const auto streams = data::open(walk_.data_config, {val}, walk_.world);
  Scores scores(features_, trainer_.working<models::MaeImpl>("teacher"), trainer_.working<models::Linear>("left"),
                walk_.world);
  if (run(scores, *streams, walk_.world, {}) != Ending::finished) { return {}; }
  return {{"val_left", scores.mean()}};
}

}  // namespace realface::stages
