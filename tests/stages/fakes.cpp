#include "tests/stages/fakes.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "base/counter_rng.h"
#include "models/mae/masked_autoencoder.h"
#include "tests/mpi_world.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

/// frames > 1: [frames, side, side, 3], a wave that moves.
torch::Tensor picture(int64_t side, int64_t frames, CounterRng& rng) {
  auto pixels = at::zeros({frames, side, side, 3}, torch::kFloat32);
  auto view = pixels.accessor<float, 4>();
  const double fx = rng.uniform(0.1, 0.6), fy = rng.uniform(0.1, 0.6);
  for (int64_t channel = 0; channel < 3; ++channel) {
    const double phase = rng.uniform(0, 6);
    for (int64_t i = 0; i < frames * side * side; ++i) {
      const int64_t t = i / (side * side), y = i / side % side, x = i % side;
      const double wave = std::sin(fx * static_cast<double>(x + t) + fy * static_cast<double>(y) + phase);
      view[t][y][x][channel] = static_cast<float>(127.0 + 100.0 * wave);
    }
  }
  return pixels.to(torch::kUInt8);
}

int64_t masked_of(const PretrainConfig& config, int64_t step) {
  const auto whole = FakeStreams::batch(config, step, 0, config.train.batch);
  return whole.masked;
}

}  // namespace

FakeStreams::FakeStreams(const PretrainConfig& config, distributed::World& world, int64_t length)
    : config_(config), world_(world), length_(length) {}

data::Batch FakeStreams::batch(const PretrainConfig& config, int64_t step, int64_t first, int64_t count) {
  data::Batch batch;
  std::vector<torch::Tensor> images, masks;
  const int64_t patches = config.model.cut().tokens();
  for (int64_t i = first; i < first + count; ++i) {
    CounterRng rng(5, CounterRng::Purpose::test, {static_cast<uint64_t>(step), static_cast<uint64_t>(i)});
    const auto clip = picture(config.model.image, config.model.frames, rng);
    images.push_back(config.model.of_clips() ? clip : clip.squeeze(0));
    const auto masked = 1 + static_cast<int64_t>(rng.below(static_cast<uint64_t>(patches) - 1));
    auto mask = at::zeros({patches}, torch::kBool);
    for (const auto id : rng.sample(patches, masked)) { mask[id] = true; }
    masks.push_back(mask);
    batch.masked += masked;
    batch.visible_max = std::max(batch.visible_max, patches - masked);
    batch.samples.push_back(i);
    batch.epochs.push_back(0);
  }
  batch.images = at::stack(images);
  batch.mask = at::stack(masks);
  batch.fixed_visible = false;
  return batch;
}

std::optional<data::Step> FakeStreams::next() {
  if (position_ >= length_) { return std::nullopt; }
  data::Step step;
  step.index = position_++;
  step.masked[Pretrain::kStream] = masked_of(config_, step.index);
  const int64_t count = config_.train.batch / world_.size() / config_.train.accumulate;
  for (int64_t micro = 0; micro < config_.train.accumulate; ++micro) {
    const int64_t first = (micro * world_.size() + world_.rank()) * count;
    step.streams[Pretrain::kStream].push_back(batch(config_, step.index, first, count));
  }
  return on_device(std::move(step));
}

PretrainConfig small_config() {
  PretrainConfig config;
  config.model = {.image = 16,
                  .patch = 4,
                  .width = 32,
                  .depth = 2,
                  .heads = 2,
                  .decoder_width = 16,
                  .decoder_depth = 1,
                  .decoder_heads = 2};
  config.train.steps = 200;
  config.train.batch = 8;
  config.train.schedule.lr_abs = 2e-3;
  return config;
}

PretrainConfig small_video_config() {
  auto config = small_config();
  config.model.architecture = "video_mae";
  config.model.frames = 4, config.model.tubelet = 2;
  return config;
}

models::Set build_models(const PretrainConfig& config, distributed::World& world) {
  return PretrainRecipe(config).build(kSeed, torch::kCPU, world.host_group());
}

Memory::Memory(const std::vector<Part*>& parts) {
  for (const auto* part : parts) {
    for (const auto& slice : part->tensors()) {
      tensors_[part->part_name() + "/" + slice.name] = slice.tensor.detach().clone();
    }
    values_[part->part_name()] = part->values();
  }
}

void Memory::restore(const std::vector<Part*>& parts) const {
  const torch::NoGradGuard no_grad;
  for (auto* part : parts) {
    for (auto& slice : part->tensors()) { slice.tensor.copy_(tensors_.at(part->part_name() + "/" + slice.name)); }
    part->restore(values_.at(part->part_name()));
  }
}

torch::Tensor weights(const models::Set& set) {
  std::vector<torch::Tensor> flat;
  for (const auto& parameter : set.get<models::MaskedAutoencoder>("mae")->parameters()) {
    flat.push_back(parameter.detach().reshape({-1}).cpu().clone());
  }
  return at::cat(flat);
}

double over_ranks(const torch::Tensor& share) {
  auto total = on_device(share.to(torch::kFloat64).reshape({1}));
  realface::testing::mpi_world().group().all_reduce(total)->wait();
  return total.item<double>();
}

}  // namespace realface::stages
