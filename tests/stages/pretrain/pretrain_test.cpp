#include "stages/pretrain/stage.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "models/mae/mae.h"
#include "tests/mpi_world.h"
#include "tests/stages/fakes.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

/// A stage with its network and its stream.
struct Training {
  explicit Training(const PretrainConfig& settings)
      : config(settings),
        set(on_device(build_models(settings, mpi_world()))),
        stage(settings, set, mpi_world(), 4),
        streams(settings, mpi_world()) {}

  StepReport step() { return stage.step(*streams.next()); }
  double loss() {  // of the global batch
    auto loss = step().loss.to(torch::kFloat64).reshape({1});
    mpi_world().group().all_reduce(loss)->wait();
    return loss.item<double>();
  }
  std::vector<Part*> parts() {
    auto all = set.parts();
    for (auto* part : stage.parts()) { all.push_back(part); }
    return all;
  }

  PretrainConfig config;
  models::Set set;
  Pretrain stage;
  FakeStreams streams;
};

double relative(const torch::Tensor& a, const torch::Tensor& b) {
  return (at::linalg_vector_norm(a - b) / at::linalg_vector_norm(b)).item<double>();
}

/// Loss and gradient norm of one step's whole batch, written out without ranks, micro-batches or reducer.
std::pair<double, double> whole_batch(const PretrainConfig& config) {
  auto set = build_models(config, mpi_world());
  const auto mae = set.get<models::MaskedAutoencoder>("mae");
  const auto batch = FakeStreams::batch(config, 0, 0, config.train.batch);
  const auto target =
      Normaliser(config.pixels, config.model.patch, torch::kCPU, config.model.tubelet).patches(batch.images);
  const auto visible = models::visible_tokens(batch.mask, batch.visible_max, false);
  const auto loss = mae->loss_sum(target, mae->forward(target, visible), batch.mask, visible) /
                    static_cast<double>(batch.mask.sum().item<int64_t>());
  loss.backward();
  double squares = 0;
  for (const auto& parameter : mae->parameters()) {
    if (parameter.grad().defined()) { squares += parameter.grad().to(torch::kFloat64).square().sum().item<double>(); }
  }
  return {loss.item<double>(), std::sqrt(squares)};
}

TEST(Pretrain, LossAndGradientAreThoseOfTheWholeBatchOnOneRank) {
  for (const int64_t accumulate : {1, 2, 4, -2}) {
    auto config = accumulate > 0 ? small_config() : small_video_config();
    config.train.accumulate = std::abs(accumulate);
    const auto [loss, norm] = whole_batch(config);
    Training trainer(config);
    const auto report = trainer.step();
    auto total = report.loss.to(torch::kFloat64).reshape({1});
    mpi_world().group().all_reduce(total)->wait();
    EXPECT_NEAR(total.item<double>(), loss, 1e-5 * loss) << accumulate << " micro-batches";
    EXPECT_NEAR(report.grad_norm.item<double>(), norm, 1e-5 * norm) << accumulate << " micro-batches";
    EXPECT_EQ(report.samples, config.train.batch);
  }
}

TEST(Pretrain, PackedPatchesTrainAsPaddedOnes) {
  for (auto config : {small_config(), small_video_config()}) {
    const auto [loss, norm] = whole_batch(config);
    config.packed = true;
    config.train.accumulate = 2;
    Training trainer(config);
    const auto report = trainer.step();
    auto total = report.loss.to(torch::kFloat64).reshape({1});
    mpi_world().group().all_reduce(total)->wait();
    EXPECT_NEAR(total.item<double>(), loss, 1e-5 * loss) << config.model.architecture;
    EXPECT_NEAR(report.grad_norm.item<double>(), norm, 1e-5 * norm) << config.model.architecture;
  }
}

TEST(Pretrain, WithoutMasksIsAnAutoencoderOfAllTokens) {
  for (auto config : {small_config(), small_video_config()}) {
    config.mask.kind = "none";
    auto set = build_models(config, mpi_world());
    const auto mae = set.get<models::MaskedAutoencoder>("mae");
    const auto batch = FakeStreams::batch(config, 0, 0, config.train.batch);
    const auto target =
        Normaliser(config.pixels, config.model.patch, torch::kCPU, config.model.tubelet).patches(batch.images);
    const auto nothing = at::zeros({target.size(0), target.size(1)}, torch::kBool);
    const auto seen = models::visible_tokens(nothing, target.size(1), false);
    const double expected = (mae->forward(target, seen) - target).square().mean().item<double>();
    Training training(config);
    EXPECT_NEAR(training.loss(), expected, 1e-5 * expected) << config.model.architecture;
    double last = 0;
    for (int i = 0; i < 30; ++i) { last = training.loss(); }
    EXPECT_LT(last, expected) << config.model.architecture;
  }
}

TEST(Pretrain, AccumulationTrainsAsOneBigBatch) {
  auto config = small_config();
  Training whole(config);
  config.train.accumulate = 4;
  Training pieces(config);
  for (int i = 0; i < 10; ++i) {
    whole.step();
    pieces.step();
  }
  // Adam's normalisation enlarges rounding where a gradient is nearly zero, hence not 1e-6.
  EXPECT_LT(relative(weights(pieces.set), weights(whole.set)), 1e-3);
}

TEST(Pretrain, LearnsABatchByHeart) {
  auto config = small_config();
  config.train.schedule.lr_abs = 5e-3;
  Training trainer(config);
  const double first = trainer.loss();
  double last = first;
  for (int i = 1; i < 200; ++i) {
    trainer.streams.seek(0);
    last = trainer.loss();
  }
  EXPECT_LT(last, 0.5 * first);
}

TEST(Pretrain, Bf16LearnsAsFp32DoesAndKeepsFp32Masters) {
  auto config = small_config();
  Training fp32(config);
  config.train.dtype = "bf16";
  Training bf16(config);
  double loss32 = 0, loss16 = 0;
  for (int i = 0; i < 100; ++i) {
    loss32 = fp32.loss();
    loss16 = bf16.loss();
  }
  EXPECT_NEAR(loss16, loss32, 0.1 * loss32);
  EXPECT_EQ(weights(bf16.set).scalar_type(), torch::kFloat32);
}

class PretrainResume : public ::testing::TestWithParam<const char*> {};

TEST_P(PretrainResume, ContinuesBitForBit) {
  auto config = small_config();
  config.train.dtype = GetParam();
  config.train.clip = 0.5;
  config.train.bucket_mb = 1;
  Training straight(config);
  for (int i = 0; i < 4; ++i) { straight.step(); }
  const Memory memory(straight.parts());
  for (int i = 0; i < 4; ++i) { straight.step(); }

  Training resumed(config);
  memory.restore(resumed.parts());
  EXPECT_EQ(resumed.stage.position(), 4);
  resumed.streams.seek(4);
  for (int i = 0; i < 4; ++i) { resumed.step(); }
  EXPECT_TRUE(at::equal(weights(resumed.set), weights(straight.set)));
}

INSTANTIATE_TEST_SUITE_P(Dtypes, PretrainResume, ::testing::Values("fp32", "bf16"),
                         [](const auto& dtype) { return std::string(dtype.param); });

TEST(Pretrain, AllRanksHoldTheSameWeights) {
  Training trainer(small_config());
  for (int i = 0; i < 3; ++i) { trainer.step(); }
  const auto mine = on_device(weights(trainer.set));
  auto of_rank_0 = mine.clone();
  mpi_world().group().broadcast(of_rank_0, 0)->wait();
  EXPECT_TRUE(at::equal(mine, of_rank_0));
}

TEST(Pretrain, SkipsAnUpdateWhoseGradientIsNotFinite) {
  Training trainer(small_config());
  trainer.step();
  auto token = trainer.set.get<models::MaeImpl>("mae")->named_parameters()["mask_token"];
  const auto sound = token.detach().clone();
  {
    const torch::NoGradGuard no_grad;
    token.fill_(std::numeric_limits<float>::infinity());
  }
  const auto before = weights(trainer.set);
  EXPECT_EQ(trainer.step().skipped_in_a_row.item<float>(), 1.0F);
  EXPECT_EQ(trainer.step().skipped_in_a_row.item<float>(), 2.0F);
  EXPECT_TRUE(at::equal(weights(trainer.set), before));
  {
    const torch::NoGradGuard no_grad;
    token.copy_(sound);
  }
  const auto report = trainer.step();
  EXPECT_EQ(report.skipped_in_a_row.item<float>(), 0.0F) << "the row is broken";
  EXPECT_EQ(report.skipped_in_all.item<float>(), 2.0F);
  EXPECT_FALSE(at::equal(weights(trainer.set), before));
}

TEST(Pretrain, CountsItsStepsFromEpochs) {
  auto config = small_config();
  config.train.steps = 0;
  config.train.epochs = 2.5;
  auto set = on_device(build_models(config, mpi_world()));
  EXPECT_EQ(Pretrain(config, set, mpi_world(), 5).steps(), 13);
  EXPECT_THROW(Pretrain(config, set, mpi_world(), 0), ConfigError);
  config.train.epochs = 1e9;  // of 5 000 updates each: more than any run does
  EXPECT_THROW(Pretrain(config, set, mpi_world(), 5000), ConfigError);
  config.train.epochs = 1e300;
  EXPECT_THROW(Pretrain(config, set, mpi_world(), 5), ConfigError);
}

}  // namespace
}  // namespace realface::stages
