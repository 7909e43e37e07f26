#include "stages/residual/stage.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "base/error.h"
#include "models/mae/description.h"
#include "stages/evaluate/branches.h"
#include "tests/mpi_world.h"
#include "tests/stages/fakes.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

ResidualConfig small() {
  ResidualConfig config;
  config.model.vit = {.image = 16, .patch = 2, .width = 16, .depth = 2, .heads = 2};
  config.model.blocks = 2;
  config.share = 0.5;
  config.train.steps = 100;
  config.train.batch = 12;
  config.train.schedule.lr_abs = 2e-3;
  return config;
}

models::MaeConfig small_mae() {
  models::MaeConfig config;
  config.image = 16, config.patch = 2, config.width = 16, config.depth = 1, config.heads = 2;
  config.decoder_width = 16, config.decoder_depth = 1, config.decoder_heads = 2;
  return config;
}

void add_autoencoder(models::Set& set, const models::MaeConfig& config, const std::string& pixels) {
  set.add("mae", {.module = models::make_autoencoder(config, kSeed),
                  .frozen = true,
                  .description = models::describe(config, pixels)});
}

models::Set networks(const ResidualConfig& config) {
  models::Set set;
  add_autoencoder(set, small_mae(), "unit");
  set.add("rffr", {.module = std::make_shared<models::RffrImpl>(config.model, kSeed),
                   .again = [model = config.model] { return std::make_shared<models::RffrImpl>(model); },
                   .description = models::describe(config.model)});
  return set;
}

/// Faces of noise, fakes a little brighter; a function of the step. Cut among ranks and micro-batches.
class Faces final : public data::Streams {
 public:
  explicit Faces(const ResidualConfig& config) : config_(config) {}

  static data::Batch batch(const ResidualConfig& config, int64_t step, int64_t first, int64_t count) {
    torch::manual_seed(static_cast<uint64_t>(step));
    const auto all = at::randint(200, {config.train.batch, 16, 16, 3}, torch::kUInt8);
    data::Batch batch;
    batch.samples.resize(static_cast<size_t>(count));
    std::iota(batch.samples.begin(), batch.samples.end(), first);
    batch.labels = at::tensor(batch.samples, torch::kInt64).remainder(2);
    batch.images = all.narrow(0, first, count) + (batch.labels * 40).to(torch::kUInt8).view({-1, 1, 1, 1});
    batch.weights = at::ones({count});
    return batch;
  }

  std::optional<data::Step> next() override {
    data::Step step;
    step.index = position_++;
    const int64_t count = config_.train.batch / mpi_world().size() / config_.train.accumulate;
    for (int64_t micro = 0; micro < config_.train.accumulate; ++micro) {
      const int64_t first = (micro * mpi_world().size() + mpi_world().rank()) * count;
      step.streams["faces"].push_back(batch(config_, step.index, first, count));
    }
    return on_device(std::move(step));
  }
  int64_t steps_per_epoch() const override { return 4; }
  int64_t samples() const override { return 4 * config_.train.batch; }
  std::string dataset_digest() const override { return "noise"; }
  std::vector<Part*> parts() override { return {}; }
  void seek(int64_t step) { position_ = step; }

 private:
  ResidualConfig config_;
  int64_t position_ = 0;
};

struct Training {
  explicit Training(const ResidualConfig& settings)
      : config(settings),
        set(on_device(networks(settings))),
        streams(settings),
        stage(settings, {mpi_world(), set, streams, {}, "", kSeed}) {}

  StepReport step() { return stage.step(*streams.next()); }
  std::vector<Part*> parts() {
    auto all = set.parts();
    for (auto* part : stage.parts()) { all.push_back(part); }
    return all;
  }

  ResidualConfig config;
  models::Set set;
  Faces streams;
  Residual stage;
};

TEST(Residual, LossAndGradientAreThoseOfTheWholeBatchOnOneRank) {
  for (const int64_t accumulate : {1, 2}) {
    auto config = small();
    config.train.accumulate = accumulate;
    const auto set = networks(config);
    const auto detector = set.get<models::RffrImpl>("rffr");
    const ResidualView view(config.model, residual_network(set, config.model), torch::kCPU);
    const auto whole = Faces::batch(config, 0, 0, config.train.batch);
    const auto blocks = draw_blocks(view.all_blocks(), config.share, kSeed, 0);
    const auto residuals = view.residuals(whole.images, blocks);
    const auto loss = at::cross_entropy_loss(view.logits(*detector, whole.images, residuals, blocks), whole.labels);
    loss.backward();
    double square = 0;
    for (const auto& parameter : detector->parameters()) {
      square += parameter.grad().to(torch::kFloat64).square().sum().item<double>();
    }
    Training training(config);
    const auto report = training.step();
    EXPECT_NEAR(over_ranks(report.loss), loss.item<double>(), 1e-5);
    EXPECT_NEAR(report.grad_norm.item<double>(), std::sqrt(square), 1e-5 * std::sqrt(square));
    for (const auto& parameter : training.set.get<models::MaskedAutoencoder>("mae")->parameters()) {
      EXPECT_FALSE(parameter.grad().defined());
    }
  }
}

TEST(Residual, ABranchShowsHowFarEachPixelIsFromWhatWasExpected) {
  const torch::NoGradGuard no_grad;
  const auto config = small();
  const auto set = networks(config);
  const auto faces = Faces::batch(config, 0, 0, 6).images.unflatten(0, {3, 2});  // three videos of two frames
  const auto heat = branches_of(set, torch::kCPU).at(0).score(faces).heat;
  ASSERT_EQ(heat.sizes(), (std::vector<int64_t>{3, 2, 16, 16}));
  const ResidualView view(config.model, residual_network(set, config.model), torch::kCPU);
  const auto residuals = view.residuals(faces[1], view.all_blocks());
  // Patch (3, 4) of the second video's first frame; its lower right pixel.
  EXPECT_NEAR(heat[1][0][7][9].item<double>(), residuals[0][3 * 8 + 4].view({4, 3})[3].abs().mean().item<double>(),
              1e-6);
  EXPECT_GT(heat.max().item<double>(), 0);
  EXPECT_LE(heat.max().item<double>(), 1);
  EXPECT_EQ(heat.narrow(2, 0, 2).max().item<double>(), 0);  // the border is never restored
}

TEST(Residual, LearnsAndResumesInTheMiddleBitwise) {
  const auto config = small();
  Training whole(config);
  double first = 0, last = 0;
  for (int i = 0; i < 12; ++i) {
    const double loss = over_ranks(whole.step().loss);
    (i == 0 ? first : last) = loss;
  }
  EXPECT_LT(last, first);
  Training begun(config);
  for (int i = 0; i < 5; ++i) { begun.step(); }
  const Memory memory(begun.parts());
  Training resumed(config);
  memory.restore(resumed.parts());
  resumed.streams.seek(5);
  for (int i = 5; i < 12; ++i) { resumed.step(); }
  EXPECT_EQ(resumed.set.sha256("rffr"), whole.set.sha256("rffr"));
}

TEST(DrawBlocks, AreOneDrawForAllRanksAndOftenAsManyAsTheShareSays) {
  models::RffrConfig config;
  const auto all = models::block_patches(config);
  int64_t blocks = 0;
  std::set<int64_t> counts;
  constexpr int64_t kSteps = 4000;
  for (int64_t step = 0; step < kSteps; ++step) {
    const auto drawn = draw_blocks(all, 0.25, 7, step);
    blocks += drawn.size(0);
    counts.insert(drawn.size(0));
  }
  // 16 / 4, and all 16 in the 1.0 % of updates that draw none: 4.16 (docs/decisions.md, F4); its standard error is
  // 0.04.
  EXPECT_NEAR(static_cast<double>(blocks) / kSteps, 4 + 16 * std::pow(0.75, 16), 0.12);
  EXPECT_GT(counts.size(), 8U);
  EXPECT_TRUE(at::equal(draw_blocks(all, 0.25, 7, 3), draw_blocks(all, 0.25, 7, 3)));
  EXPECT_TRUE(at::equal(draw_blocks(all, 1, 7, 3), all));
}

std::string refusal(const models::MaeConfig& mae, const std::string& pixels) {
  models::Set set;
  add_autoencoder(set, mae, pixels);
  try {
    (void)residual_network(set, small().model);
  } catch (const ConfigError& error) { return error.what(); }
  return "";
}

TEST(Residual, RefusesAnAutoencoderThatSawOtherPixelsOrFacesOfAnotherSize) {
  EXPECT_EQ(refusal(small_mae(), "unit"), "");
  EXPECT_NE(refusal(small_mae(), "imagenet").find("model.pixels=unit"), std::string::npos);
  auto other = small_mae();
  other.patch = 4;
  EXPECT_NE(refusal(other, "unit").find("model.patch=2"), std::string::npos);
  other = small_mae();
  other.norm_pix = true;
  EXPECT_NE(refusal(other, "unit").find("model.norm_pix=false"), std::string::npos);
}

}  // namespace
}  // namespace realface::stages
