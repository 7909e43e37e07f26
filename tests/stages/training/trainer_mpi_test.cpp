// What the trainer does for every stage, on a network with batch normalisation, at 1, 2 and 3 ranks.

#include "stages/training/trainer.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "distributed/agreement.h"
#include "models/layers/batch_norm.h"
#include "tests/mpi_world.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

constexpr int64_t kChannels = 3, kMicroBatches = 2;
const std::string kName = "normed";

/// One batch normalisation and a weight a channel.
class Normed : public torch::nn::Module {
 public:
  Normed()
      : norm(register_module("norm", std::make_shared<models::BatchNorm>(kChannels))),
        weight(register_parameter("weight", at::ones({kChannels}))) {}
  torch::Tensor forward(const torch::Tensor& x) { return norm->forward(x) * weight; }

  std::shared_ptr<models::BatchNorm> norm;
  torch::Tensor weight;
};

models::Set normed_set() {
  auto network = std::make_shared<Normed>();
  network->to(mpi_world().device());
  models::Set set;
  set.add(kName, {.module = network, .again = [] { return std::make_shared<Normed>(); }});
  return set;
}

TrainConfig config(const std::string& dtype = "fp32") {
  TrainConfig train;
  train.steps = 4;
  train.batch = 24;
  train.accumulate = kMicroBatches;
  train.dtype = dtype;
  train.schedule.lr_abs = 0.01;
  return train;
}

/// What rank `rank` sees in a micro-batch of an update: other samples everywhere. [4, C]
torch::Tensor samples(int64_t update, int rank, int64_t micro) {
  const auto shape = at::arange(4 * kChannels, torch::kFloat32).reshape({4, kChannels}).sin();
  return shape * static_cast<double>(1 + rank + update) + static_cast<double>(3 * micro - rank);
}

void update(Trainer& trainer, int64_t number) {
  trainer.begin();
  for (int64_t micro = 0; micro < kMicroBatches; ++micro) {
    const auto x = samples(number, mpi_world().rank(), micro).to(mpi_world().device(), trainer.dtype());
    const auto loss = trainer.working<Normed>(kName).forward(x).to(torch::kFloat32).square().sum() / 24;
    trainer.backward(loss, micro + 1 == kMicroBatches);
  }
  trainer.end(at::zeros({}), 24);
}

/// running_mean and running_var after the updates, by the rule: one move an update, towards the mean over all forwards
/// of all ranks. [2, C], f64
torch::Tensor expected_statistics(int64_t updates) {
  auto running = at::zeros({2, kChannels}, torch::kFloat64);
  running[1].fill_(1);
  for (int64_t number = 0; number < updates; ++number) {
    auto sums = at::zeros({2, kChannels}, torch::kFloat64);
    for (int rank = 0; rank < mpi_world().size(); ++rank) {
      for (int64_t micro = 0; micro < kMicroBatches; ++micro) {
        const auto x = samples(number, rank, micro).to(torch::kFloat64);
        sums[0] += x.mean(0);
        sums[1] += x.var(0);
      }
    }
    running = 0.9 * running + 0.1 * sums / static_cast<double>(mpi_world().size() * kMicroBatches);
  }
  return running;
}

torch::Tensor statistics(const torch::nn::Module& network) {
  const auto buffers = network.named_buffers();
  return torch::stack({buffers["norm.running_mean"], buffers["norm.running_var"]}).to(torch::kCPU, torch::kFloat64);
}

bool equal_everywhere(const std::string& digest) {
  return !distributed::any(mpi_world().host_group(),
                           distributed::broadcast_string(mpi_world().host_group(), digest) != digest);
}

TEST(Trainer, BatchStatisticsMoveOnceAnUpdateAndAreEqualOnAllRanks) {
  auto set = normed_set();
  Trainer trainer(config(), set, mpi_world(), 0);
  const auto network = set.get<Normed>(kName);
  for (int64_t number = 0; number < 3; ++number) {
    update(trainer, number);
    const auto difference = (statistics(*network) - expected_statistics(number + 1)).abs().max().item<double>();
    EXPECT_LT(difference, 1e-5) << "after update " << number;
    EXPECT_TRUE(equal_everywhere(models::weights_sha256(*network))) << "after update " << number;
  }
}

TEST(Trainer, ABf16CopyMovesItsStatisticsWithItsMaster) {
  auto set = normed_set();
  Trainer trainer(config("bf16"), set, mpi_world(), 0);
  for (int64_t number = 0; number < 2; ++number) { update(trainer, number); }
  const auto master = statistics(*set.get<Normed>(kName)), copy = statistics(trainer.working<Normed>(kName));
  EXPECT_LT((master - expected_statistics(2)).abs().max().item<double>(), 0.05);
  EXPECT_LT((copy - master).abs().max().item<double>(), 0.02);
  EXPECT_EQ(set.get<Normed>(kName)->named_buffers()["norm.running_mean"].scalar_type(), torch::kFloat32);
  EXPECT_TRUE(equal_everywhere(models::weights_sha256(*set.get<Normed>(kName))));
}

TEST(Trainer, AForwardInEvaluationNeitherNotesNorMoves) {
  auto set = normed_set();
  Trainer trainer(config(), set, mpi_world(), 0);
  const auto network = set.get<Normed>(kName);
  network->eval();
  update(trainer, 0);
  const auto unmoved = statistics(*normed_set().get<Normed>(kName));
  EXPECT_TRUE(at::equal(statistics(*network), unmoved));
}

TEST(Trainer, WeightsThatAreNotFiniteAreNoFinishedRun) {
  auto set = normed_set();
  Trainer trainer(config(), set, mpi_world(), 0);
  EXPECT_NO_THROW(trainer.finish());
  {
    const torch::NoGradGuard no_grad;
    set.get<Normed>(kName)->weight[1] = std::numeric_limits<float>::infinity();
  }
  try {
    trainer.finish();
    FAIL() << "a diverged run was finished";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("the weights of weight are not finite"));
  }
}

TEST(Trainer, ANetworkWithoutAFactoryCannotTrainInBf16) {
  models::Set set;
  set.add(kName, {.module = std::make_shared<Normed>()});
  EXPECT_THROW(Trainer(config("bf16"), set, mpi_world(), 0), ConfigError);
}

TEST(Trainer, LeavesFrozenNetworksAsTheyAre) {
  auto set = normed_set();
  auto frozen = std::make_shared<Normed>();
  set.add("teacher", {.module = frozen, .frozen = true});
  const auto before = models::weights_sha256(*frozen);
  Trainer trainer(config(), set, mpi_world(), 0);
  update(trainer, 0);
  EXPECT_EQ(models::weights_sha256(*frozen), before);
  EXPECT_EQ(&trainer.working<Normed>("teacher"), frozen.get());
}

// Half the rate moves half as far: Adam's first step is the rate itself, whatever the gradient.
TEST(Trainer, ARuleScalesTheRateOfAParameter) {
  auto set = normed_set();
  auto train = config();
  train.schedule.warmup = 0;
  train.optimizer.weight_decay = 0;
  const auto rule = [](const std::string& name, const torch::Tensor&) {
    return ParameterRule{.decayed = false, .rate_scale = name == "norm.bias" ? 0.5 : 1.0};
  };
  Trainer trainer(train, set, mpi_world(), 0, rule);
  trainer.begin();
  auto& network = trainer.working<Normed>(kName);
  const auto x = samples(0, mpi_world().rank(), 0).to(mpi_world().device());
  trainer.backward((network.forward(x) + network.weight).sum(), true);
  trainer.end(at::zeros({}), 24);
  const auto parameters = network.named_parameters();
  EXPECT_NEAR(parameters["norm.bias"].abs().max().item<double>(), 0.005, 1e-5);
  EXPECT_NEAR((parameters["weight"] - 1).abs().max().item<double>(), 0.01, 1e-5);
}

}  // namespace
}  // namespace realface::stages
