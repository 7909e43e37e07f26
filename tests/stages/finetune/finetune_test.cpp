#include "stages/finetune/stage.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "stages/finetune/drop_path.h"
#include "tests/mpi_world.h"
#include "tests/stages/fakes.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

FinetuneConfig small() {
  FinetuneConfig config;
  config.model = {.image = 16, .patch = 4, .width = 32, .depth = 2, .heads = 2};
  config.frames = 3;
  config.train.steps = 100;
  config.train.batch = 12;
  config.train.schedule.lr_abs = 2e-3;
  return config;
}

/// A network of clips of four frames.
FinetuneConfig small_of_clips() {
  auto config = small();
  config.frames = 4;
  config.model.architecture = "video_vit";
  config.model.frames = 4, config.model.tubelet = 2;
  return config;
}

/// Videos of noise, fakes a little brighter; a function of the step. Cut among ranks and micro-batches.
class Videos final : public data::Streams {
 public:
  explicit Videos(const FinetuneConfig& config) : config_(config) {}

  static data::Batch batch(const FinetuneConfig& config, int64_t step, int64_t first, int64_t count) {
    torch::manual_seed(static_cast<uint64_t>(step));
    const auto side = config.model.image;
    const auto all = at::randint(200, {config.train.batch, config.frames, side, side, 3}, torch::kUInt8);
    data::Batch batch;
    batch.samples.resize(static_cast<size_t>(count));
    std::iota(batch.samples.begin(), batch.samples.end(), first);
    batch.epochs.assign(static_cast<size_t>(count), step);
    batch.labels = at::tensor(batch.samples, torch::kInt64).remainder(2);
    batch.images = all.narrow(0, first, count) + (batch.labels * 40).to(torch::kUInt8).view({-1, 1, 1, 1, 1});
    batch.weights = at::ones({count});
    return batch;
  }

  std::optional<data::Step> next() override {
    data::Step step;
    step.index = position_++;
    const int64_t count = config_.train.batch / mpi_world().size() / config_.train.accumulate;
    for (int64_t micro = 0; micro < config_.train.accumulate; ++micro) {
      const int64_t first = (micro * mpi_world().size() + mpi_world().rank()) * count;
      step.streams[Finetune::kStream].push_back(batch(config_, step.index, first, count));
    }
    return on_device(std::move(step));
  }
  int64_t steps_per_epoch() const override { return 4; }
  int64_t samples() const override { return 4 * config_.train.batch; }
  std::string dataset_digest() const override { return "noise"; }
  std::vector<Part*> parts() override { return {}; }
  void seek(int64_t step) { position_ = step; }

 private:
  FinetuneConfig config_;
  int64_t position_ = 0;
};

struct Training {
  explicit Training(const FinetuneConfig& settings)
      : config(settings),
        set(FinetuneRecipe(settings).build(kSeed, mpi_world().device(), mpi_world().host_group())),
        streams(settings),
        stage(settings, {mpi_world(), set, streams, {}, "", kSeed}) {}

  StepReport step() { return stage.step(*streams.next()); }
  std::vector<Part*> parts() {
    auto all = set.parts();
    for (auto* part : stage.parts()) { all.push_back(part); }
    return all;
  }

  FinetuneConfig config;
  models::Set set;
  Videos streams;
  Finetune stage;
};

struct Whole {
  double loss = 0, norm = 0, accuracy = 0;
};

/// One update's whole batch, written out without ranks, micro-batches or reducer.
Whole whole_batch(const FinetuneConfig& config) {
  const auto set = FinetuneRecipe(config).build(kSeed, torch::kCPU, mpi_world().host_group());
  const auto vit = set.get<models::Classifier>("vit");
  const auto batch = Videos::batch(config, 0, 0, config.train.batch);
  const Normaliser pixels(config.pixels, config.model.patch, torch::kCPU, config.model.tubelet);
  const int64_t pictures = config.model.of_clips() ? 1 : config.frames;
  const auto kept =
      draw_kept_branches(config.drop_path, config.model.depth, pictures, kSeed, batch.epochs, batch.samples);
  const auto logits = classify_videos(*vit, pixels, batch.images, kept);
  const auto loss = at::cross_entropy_loss(logits, batch.labels);
  loss.backward();
  Whole whole;
  for (const auto& parameter : vit->parameters()) {
    whole.norm += parameter.grad().to(torch::kFloat64).square().sum().item<double>();
  }
  whole.norm = std::sqrt(whole.norm);
  whole.loss = loss.item<double>();
  whole.accuracy = logits.argmax(1).eq(batch.labels).to(torch::kFloat64).mean().item<double>();
  return whole;
}

TEST(Finetune, LossAndGradientAreThoseOfTheWholeBatchOnOneRank) {
  for (const int64_t accumulate : {1, 2, -2}) {
    auto config = accumulate > 0 ? small() : small_of_clips();
    config.drop_path = 0.5;
    config.train.accumulate = std::abs(accumulate);
    const auto whole = whole_batch(config);
    Training training(config);
    const auto report = training.step();
    EXPECT_NEAR(over_ranks(report.loss), whole.loss, 1e-5 * whole.loss) << accumulate << " micro-batches";
    EXPECT_NEAR(report.grad_norm.item<double>(), whole.norm, 1e-5 * whole.norm) << accumulate << " micro-batches";
    EXPECT_NEAR(over_ranks(report.values.at("accuracy")), whole.accuracy, 1e-6);
    EXPECT_EQ(report.samples, config.train.batch);
  }
}

TEST(Finetune, LearnsToTellBrightVideosFromDark) {
  for (const std::string dtype : {"fp32", "bf16", "clips in bf16"}) {
    auto config = dtype.starts_with("clips") ? small_of_clips() : small();
    config.train.dtype = dtype.substr(dtype.size() - 4);
    config.train.steps = 60;
    Training training(config);
    double accuracy = 0;
    for (int i = 0; i < 60; ++i) {
      const double now = over_ranks(training.step().values.at("accuracy"));
      accuracy += i < 50 ? 0 : now / 10;
    }
    EXPECT_GT(accuracy, 0.95) << dtype;
  }
}

TEST(Finetune, ContinuesBitForBit) {
  auto config = small();
  config.train.clip = 0.5;
  Training straight(config);
  for (int i = 0; i < 3; ++i) { straight.step(); }
  const Memory memory(straight.parts());
  for (int i = 0; i < 3; ++i) { straight.step(); }
  Training resumed(config);
  memory.restore(resumed.parts());
  EXPECT_EQ(resumed.stage.position(), 3);
  resumed.streams.seek(3);
  for (int i = 0; i < 3; ++i) { resumed.step(); }
  EXPECT_EQ(resumed.set.sha256("vit"), straight.set.sha256("vit"));
}

TEST(DropPath, RatesGrowWithDepthAndKeepTheMean) {
  std::vector<int64_t> epochs(4000, 7), samples(4000);
  std::iota(samples.begin(), samples.end(), 0);
  const auto kept = draw_kept_branches(0.4, 3, 2, 1, epochs, samples);  // rates 0, 0.2, 0.4
  ASSERT_EQ(kept.sizes(), (std::vector<int64_t>{8000, 6}));
  EXPECT_TRUE(kept.narrow(1, 0, 2).eq(1).all().item<bool>());
  const auto dropped = kept.eq(0).to(torch::kFloat64).mean(0);
  for (int64_t branch = 2; branch < 6; ++branch) {
    const double rate = branch < 4 ? 0.2 : 0.4;
    EXPECT_NEAR(dropped[branch].item<double>(), rate, 4 * std::sqrt(rate * (1 - rate) / 8000)) << branch;
    EXPECT_NEAR(kept.select(1, branch).mean().item<double>(), 1, 0.04) << branch;
  }
}

TEST(DropPath, ADrawBelongsToItsSampleAndEpoch) {
  const auto of = [](int64_t epoch, const std::vector<int64_t>& samples) {
    return draw_kept_branches(0.5, 8, 5, 1, std::vector<int64_t>(samples.size(), epoch), samples);
  };
  const auto both = of(3, {10, 11});
  EXPECT_TRUE(both.narrow(0, 5, 5).equal(of(3, {11})));
  EXPECT_FALSE(both.narrow(0, 0, 5).equal(of(3, {11})));
  EXPECT_FALSE(of(3, {11}).equal(of(4, {11})));
  EXPECT_FALSE(both[0].equal(both[1])) << "each frame has draws of its own";
  EXPECT_TRUE(draw_kept_branches(0.5, 1, 1, 1, {0}, {0}).eq(1).all().item<bool>()) << "one block has rate 0";
}

}  // namespace
}  // namespace realface::stages
