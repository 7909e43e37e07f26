#include "models/layers/batch_norm.h"

#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/batchnorm.h>

#include "tests/models/close.h"

/// Against torch::nn::BatchNorm2d, which writes its running statistics in every training forward.
namespace realface::models {
namespace {

constexpr int64_t kChannels = 5;

class BatchNormOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    torch::manual_seed(1);
    const torch::NoGradGuard no_grad;
    for (const char* name : {"weight", "bias"}) {
      theirs_->named_parameters()[name].copy_(at::randn({kChannels}));
      ours_->named_parameters()[name].copy_(theirs_->named_parameters()[name]);
    }
    set_statistics(at::randn({kChannels}), at::randn({kChannels}).abs() + 0.5);
  }
  void set_statistics(const torch::Tensor& mean, const torch::Tensor& variance) {
    const torch::NoGradGuard no_grad;
    ours("running_mean").copy_(mean), theirs("running_mean").copy_(mean);
    ours("running_var").copy_(variance), theirs("running_var").copy_(variance);
  }
  /// A layer with the statistics of ours_.
  std::shared_ptr<BatchNorm> copy_of_ours() {
    auto copy = std::make_shared<BatchNorm>(kChannels);
    const torch::NoGradGuard no_grad;
    for (const auto& item : ours_->named_buffers()) { copy->named_buffers()[item.key()].copy_(item.value()); }
    return copy;
  }

  static torch::Tensor input(int64_t batch) { return at::randn({batch, kChannels, 4, 3}) * 2 + 1; }
  torch::Tensor ours(const std::string& buffer) { return ours_->named_buffers()[buffer]; }
  torch::Tensor theirs(const std::string& buffer) { return theirs_->named_buffers()[buffer]; }

  /// Outputs and all gradients of both, for one input and one gradient of the output.
  void expect_same_pass(const torch::Tensor& values) {
    const auto x = values.clone().requires_grad_(true), y = values.clone().requires_grad_(true);
    const auto out = ours_->forward(x), expected = theirs_->forward(y);
    expect_close(out, expected, "output");
    const auto gradient = at::randn(out.sizes());
    ours_->zero_grad();
    theirs_->zero_grad();
    out.backward(gradient);
    expected.backward(gradient);
    expect_close(x.grad(), y.grad(), "gradient of the input");
    for (const char* name : {"weight", "bias"}) {
      expect_close(ours_->named_parameters()[name].grad(), theirs_->named_parameters()[name].grad(), name);
    }
  }

  std::shared_ptr<BatchNorm> ours_ = std::make_shared<BatchNorm>(kChannels);
  torch::nn::BatchNorm2d theirs_{kChannels};
};

TEST_F(BatchNormOracle, ParametersAndBuffersAreNamedAndSetAsTorchsAre) {
  const BatchNorm fresh(kChannels);
  const torch::nn::BatchNorm2d reference(kChannels);
  EXPECT_EQ(fresh.named_parameters().keys(), reference->named_parameters().keys());
  for (const auto& item : fresh.named_parameters()) {
    EXPECT_TRUE(item.value().equal(reference->named_parameters()[item.key()])) << item.key();
  }
  for (const auto& item : fresh.named_buffers()) {
    EXPECT_TRUE(item.value().equal(reference->named_buffers()[item.key()])) << item.key();
  }
}

TEST_F(BatchNormOracle, TrainingNormalisesByTheBatchWithTorchsGradients) { expect_same_pass(input(6)); }

TEST_F(BatchNormOracle, EvaluationNormalisesByTheRunningStatisticsWithTorchsGradients) {
  ours_->eval();
  theirs_->eval();
  expect_same_pass(input(6));
  EXPECT_EQ(ours_->take_notes()[-1].item<float>(), 0.0f);  // nothing to learn from
}

TEST_F(BatchNormOracle, ForwardLeavesTheRunningStatisticsAndOneUpdateMovesThemAsTorchsForwardDoes) {
  const auto mean = ours("running_mean").clone(), variance = ours("running_var").clone();
  const auto x = input(6);
  ours_->forward(x);
  theirs_->forward(x);
  EXPECT_TRUE(ours("running_mean").equal(mean));
  EXPECT_TRUE(ours("running_var").equal(variance));
  move_running_statistics(*ours_, *ours_, [](torch::Tensor&) {});
  expect_close(ours("running_mean"), theirs("running_mean"), "running_mean");
  expect_close(ours("running_var"), theirs("running_var"), "running_var");
}

TEST_F(BatchNormOracle, SeveralForwardsOfAnUpdateMoveTheStatisticsOnceByTheirAverage) {
  const auto mean = ours("running_mean").clone(), variance = ours("running_var").clone();
  auto mean_sum = at::zeros({kChannels}), variance_sum = at::zeros({kChannels});
  for (const int64_t batch : {2, 6, 3}) {  // each counts alike, however large
    const auto x = input(batch);
    ours_->forward(x);
    mean_sum += x.mean({0, 2, 3});
    variance_sum += x.var({0, 2, 3}, /*unbiased=*/true);
  }
  move_running_statistics(*ours_, *ours_, [](torch::Tensor&) {});
  expect_close(ours("running_mean"), mean * 0.9 + mean_sum / 3 * 0.1, "running_mean");
  expect_close(ours("running_var"), variance * 0.9 + variance_sum / 3 * 0.1, "running_var");
}

TEST_F(BatchNormOracle, WithoutAForwardTheStatisticsStayAsTheyAreBitForBit) {
  const auto mean = ours("running_mean").clone(), variance = ours("running_var").clone();
  move_running_statistics(*ours_, *ours_, [](torch::Tensor&) {});
  EXPECT_TRUE(ours("running_mean").equal(mean));
  EXPECT_TRUE(ours("running_var").equal(variance));
}

TEST_F(BatchNormOracle, NotesAreForgottenOnceTaken) {
  ours_->forward(input(2));
  ours_->forward(input(2));
  EXPECT_EQ(ours_->take_notes()[-1].item<float>(), 2.0f);
  EXPECT_EQ(ours_->take_notes()[-1].item<float>(), 0.0f);
}

TEST_F(BatchNormOracle, RanksMoveTheStatisticsAsOneRankThatSawAllForwards) {
  const auto other = copy_of_ours(), alone = copy_of_ours();
  const auto first = input(4), second = input(4);
  ours_->forward(first);
  other->forward(second);
  alone->forward(first);
  alone->forward(second);
  const auto theirs = other->take_notes();
  move_running_statistics(*ours_, *ours_, [&](torch::Tensor& notes) { notes += theirs; });
  move_running_statistics(*alone, *alone, [](torch::Tensor&) {});
  expect_close(ours("running_mean"), alone->named_buffers()["running_mean"], "running_mean");
  expect_close(ours("running_var"), alone->named_buffers()["running_var"], "running_var");
}

TEST_F(BatchNormOracle, AWorkingCopyInBf16MovesItsMasterAndItself) {
  const auto copy = copy_of_ours();
  copy->to(torch::kBFloat16);
  const auto before = ours("running_mean").clone();
  copy->forward(input(4).to(torch::kBFloat16));
  int calls = 0;
  move_running_statistics(*copy, *ours_, [&](torch::Tensor& notes) {
    ++calls;
    EXPECT_EQ(notes.scalar_type(), torch::kFloat32);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(ours("running_mean").scalar_type(), torch::kFloat32);
  EXPECT_FALSE(ours("running_mean").equal(before));
  EXPECT_TRUE(copy->named_buffers()["running_mean"].to(torch::kFloat32).allclose(ours("running_mean"), 1e-2, 1e-2));
}

TEST(MoveRunningStatistics, SumsNothingForANetworkWithoutBatchNorm) {
  const auto plain = std::make_shared<torch::nn::Module>();
  move_running_statistics(*plain, *plain, [](torch::Tensor&) { FAIL() << "ranks were asked to sum nothing"; });
}

}  // namespace
}  // namespace realface::models
