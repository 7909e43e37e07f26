#include "data/loading/synthetic.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "base/error.h"
#include "data/faces/masks.h"
#include "data/order/items.h"
#include "distributed/agreement.h"

namespace realface::data {
namespace {

constexpr int64_t kShrink = 4;  // of the rows of a companion, as mapping networks have it (D4)

/// Points of an arc from `from` to `to` degrees (0 right, 90 down), in shares of the side.
void add_arc(std::vector<float>& points, int count, double x, double y, double rx, double ry, double from, double to) {
  for (int i = 0; i < count; ++i) {
    const double angle = (from + (to - from) * i / std::max(1, count - 1)) * std::numbers::pi / 180;
    points.push_back(static_cast<float>(x + rx * std::cos(angle)));
    points.push_back(static_cast<float>(y + ry * std::sin(angle)));
  }
}

void draw_masks(const StreamNeeds& needs, int64_t first, Batch& batch) {
  const int64_t grid = needs.image / needs.patch, patches = needs.slots * grid * grid;
  const auto points = average_landmarks(needs.image);
  const Landmarks landmarks(points.data(), 136);
  batch.mask = at::empty({batch.size(), patches}, torch::kBool);
  for (int64_t i = 0; i < batch.size(); ++i) {
    const auto drawn = draw_mask(needs.mask, grid, needs.patch, landmarks, needs.seed, 0,
                                 static_cast<uint64_t>(first + i), needs.slots);
    std::copy(drawn.begin(), drawn.end(), batch.mask[i].mutable_data_ptr<bool>());
    const auto masked = static_cast<int64_t>(std::count(drawn.begin(), drawn.end(), 1));
    batch.masked += masked;
    batch.visible_max = std::max(batch.visible_max, patches - masked);
  }
  batch.fixed_visible = fixed_mask_count(needs.mask, grid) > 0;
}

Batch synthetic_batch(const StreamNeeds& needs, int64_t first, int64_t count, torch::Device device) {
  Batch batch;
  batch.samples.resize(static_cast<size_t>(count));
  std::iota(batch.samples.begin(), batch.samples.end(), first);
  batch.frames = batch.samples;
  batch.epochs.assign(static_cast<size_t>(count), 0);
  std::vector<int64_t> shape{count, needs.image, needs.image, 3};
  if (has_frames(unit_of(needs.unit))) { shape.insert(shape.begin() + 1, needs.frames); }
  const auto draws = at::detail::createCPUGenerator(needs.seed + static_cast<uint64_t>(first));
  batch.images = at::randint(256, shape, draws, torch::kUInt8).to(device);
  batch.landmarks = at::tensor(average_landmarks(needs.image)).reshape({1, 68, 2}).repeat({count, 1, 1}).to(device);
  const bool both = needs.sbi > 0 || needs.label == "any";
  batch.labels = both ? at::arange(count).remainder(2) : at::full({count}, needs.label == "fake" ? 1 : 0);
  batch.labels = batch.labels.to(torch::kInt64).to(device);
  batch.weights = at::ones({count}).to(device);
  if (!needs.companion.empty()) {
    const int64_t side = needs.image / kShrink;
    batch.companion = at::rand({count, 3, side, side}, draws).to(device, torch::kFloat16);
  }
  if (needs.sbi > 0 || needs.truth) {
    shape.pop_back();
    batch.tampered = at::randint(2, shape, draws, torch::kUInt8).to(device);
  }
  if (needs.mask.kind != "none") {
    draw_masks(needs, first, batch);
    batch.mask = batch.mask.to(device);
  }
  return batch;
}

class SyntheticStreams final : public Streams {
 public:
  SyntheticStreams(const std::vector<StreamNeeds>& needs, int64_t steps_per_epoch, distributed::World& world)
      : needs_(needs), steps_per_epoch_(steps_per_epoch) {
    if (needs_.empty()) {
      throw ConfigError("[bench] this stage opens its data itself, so it cannot be measured without");
    }
    for (const auto& stream : needs_) { add(stream, world); }
  }

  std::optional<Step> next() override {
    for (const auto& stream : needs_) {
      if (!stream.endless && step_.index >= steps_per_epoch_) { return std::nullopt; }
    }
    auto step = step_;
    ++step_.index;
    return step;
  }
  int64_t steps_per_epoch() const override { return steps_per_epoch_; }
  int64_t samples() const override { return steps_per_epoch_ * needs_.front().batch; }
  std::string dataset_digest() const override { return "synthetic"; }
  std::vector<Part*> parts() override { return {}; }

 private:
  void add(const StreamNeeds& stream, distributed::World& world) {
    const int64_t ranks = stream.fixed ? 1 : world.size(), pieces = ranks * stream.accumulate;
    if (stream.batch < 1 || stream.batch % pieces != 0) {
      throw ConfigError("[bench] a batch of " + std::to_string(stream.batch) + " cannot be cut into " +
                        std::to_string(pieces) +
                        " equal pieces, one a rank and micro-batch; choose another train.batch");
    }
    const int64_t count = stream.batch / pieces;
    for (int64_t micro = 0; micro < stream.accumulate; ++micro) {
      const int64_t first = (micro * ranks + (stream.fixed ? 0 : world.rank())) * count;
      step_.streams[stream.name].push_back(synthetic_batch(stream, first, count, world.device()));
    }
    auto masked = at::full({1}, 0, torch::kInt64);
    for (const auto& batch : step_.streams[stream.name]) { masked.add_(batch.masked); }
    world.host_group().all_reduce(masked)->wait();
    step_.masked[stream.name] = masked.item<int64_t>();
  }

  std::vector<StreamNeeds> needs_;
  int64_t steps_per_epoch_;
  Step step_;
};

}  // namespace

std::vector<float> average_landmarks(int64_t side) {
  std::vector<float> points;
  add_arc(points, 17, 0.50, 0.42, 0.36, 0.50, 180, 0);   // jaw
  add_arc(points, 5, 0.32, 0.34, 0.12, 0.06, 180, 360);  // brows
  add_arc(points, 5, 0.68, 0.34, 0.12, 0.06, 180, 360);
  for (int i = 0; i < 4; ++i) {  // bridge of the nose
    points.push_back(0.5F);
    points.push_back(0.40F + 0.05F * static_cast<float>(i));
  }
  add_arc(points, 5, 0.50, 0.58, 0.07, 0.03, 180, 0);     // its base
  add_arc(points, 6, 0.34, 0.41, 0.06, 0.025, 180, 480);  // eyes
  add_arc(points, 6, 0.66, 0.41, 0.06, 0.025, 180, 480);
  add_arc(points, 12, 0.50, 0.73, 0.13, 0.06, 180, 510);  // lips
  add_arc(points, 8, 0.50, 0.73, 0.09, 0.02, 180, 495);
  for (auto& value : points) { value *= static_cast<float>(side); }
  return points;
}

std::unique_ptr<Streams> synthetic_streams(const std::vector<StreamNeeds>& needs, int64_t steps_per_epoch,
                                           distributed::World& world) {
  return std::make_unique<SyntheticStreams>(needs, steps_per_epoch, world);
}

}  // namespace realface::data
