// The episodes of the mapping stage: outer gradients, batch statistics, and the same update at 1, 2 and 3 ranks.

#include "stages/mapping/learner.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <map>
#include <set>

#include "base/error.h"
#include "stages/mapping/recipe.h"
#include "stages/training/pixels.h"
#include "tests/mpi_world.h"
#include "tests/stages/episodes/episode_streams.h"
#include "tests/stages/fakes.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using models::MappingNetImpl;
using models::Statistics;

distributed::World& world() { return realface::testing::mpi_world(); }

const models::MappingConfig kModel{.size = "small", .image = kSide};

MappingStageConfig small_mapping() {
  MappingStageConfig config;
  config.recovered = "none";
  config.model = kModel;
  config.meta.domains = {"a", "b", "c"};
  config.meta.samples = 2;
  config.meta.episodes = 6;
  config.meta.inner = {2, 0.05, true};
  config.meta.reference = 4;
  config.train.steps = 3;
  config.train.schedule.lr_abs = 0.05;
  config.train.schedule.warmup = 0;
  config.train.clip = 0;
  config.train.accumulate = 6 / world().size();
  return config;
}

models::Set double_set(const MappingStageConfig& config, torch::Device device) {
  const MappingRecipe recipe(config);
  auto set = recipe.build(kSeed, device, world().host_group());
  set.get<MappingNetImpl>("mapping")->to(torch::kFloat64);
  return set;
}

/// Weights and statistics after `updates`, by name.
std::map<std::string, torch::Tensor> trained(const MappingStageConfig& config, int64_t updates) {
  const MappingRecipe recipe(config);
  auto set = double_set(config, world().device());
  EpisodeStreams streams(recipe.needs(kSeed, world().size()), world().size(), world().rank());
  const data::DataConfig data;
  const auto stage = recipe.make({world(), set, streams, data, ".", kSeed});
  for (int64_t i = 0; i < updates; ++i) { stage->step(on_device(*streams.next())); }
  return models::named_tensors(*set.get<MappingNetImpl>("mapping"));
}

/// Six episodes one after the other, without a trainer, as a single rank would on the host.
std::map<std::string, torch::Tensor> by_hand(const MappingStageConfig& config) {
  auto set = double_set(config, torch::kCPU);
  auto network = set.get<MappingNetImpl>("mapping");
  MappingLearner learner(*network);
  const MappingRecipe recipe(config);
  EpisodeStreams streams(recipe.needs(kSeed, 1), 1, 0);
  const auto step = *streams.next();
  const Normaliser pixels("imagenet", 1, torch::kCPU);
  std::map<int64_t, Faces> references;
  for (int64_t domain = 0; domain < 3; ++domain) {
    const auto& batch = step.streams.at(reference_stream(config.meta, domain)).front();
    references[domain] = {.pictures = pixels.planes(batch.images).to(torch::kFloat64), .labels = batch.labels};
  }
  torch::Tensor total;
  for (int64_t episode = 0; episode < 6; ++episode) {
    std::vector<Faces> faces;
    const auto& reals = step.streams.at(kRealStream)[static_cast<size_t>(episode)];
    for (int64_t domain = 0; domain < 3; ++domain) {
      const auto& fakes = step.streams.at(fakes_stream(config.meta, domain))[static_cast<size_t>(episode)];
      const auto both = [&](auto member) { return at::cat({(reals.*member).narrow(0, 2 * domain, 2), fakes.*member}); };
      faces.push_back({.pictures = pixels.planes(both(&data::Batch::images)).to(torch::kFloat64),
                       .labels = both(&data::Batch::labels),
                       .targets = both(&data::Batch::companion).to(torch::kFloat64)});
    }
    const auto split = draw_domains(config.meta, kSeed, 0, episode);
    const auto loss = episode_losses(learner, config.meta, config.weights, split, faces, references).total / 6;
    total = total.defined() ? total + loss : loss;
  }
  return updated_by_hand(*network, total);
}

TEST(Mapping, SixEpisodesGiveTheSameUpdateAtEveryWorldSize) {
  const auto config = small_mapping();
  expect_same(trained(config, 1), by_hand(config), 1e-12);
}

/// One episode with fp64 weights: loss and, if asked, gradients.
class OneEpisode : public ::testing::Test {
 protected:
  OneEpisode() {
    config_.meta.inner = {2, 0.05, true};
    network_->to(torch::kFloat64);
    const Normaliser pixels("imagenet", 1, torch::kCPU);
    for (int64_t domain = 0; domain < 3; ++domain) {
      std::vector<torch::Tensor> images, targets;
      for (int64_t i = 0; i < 4; ++i) {
        images.push_back(picture(11 * domain + i));
        targets.push_back(picture(3 * domain + i).slice(0, 0, kSide, 4).slice(1, 0, kSide, 4).permute({2, 0, 1}) /
                          255.0);
      }
      faces_.push_back({.pictures = pixels.planes(torch::stack(images)).to(torch::kFloat64),
                        .labels = at::arange(4).remainder(2),
                        .targets = torch::stack(targets).to(torch::kFloat64)});
      references_[domain] = {.pictures = faces_.back().pictures.flip({3}), .labels = faces_.back().labels};
    }
  }
  EpisodeLosses losses() {
    MappingLearner learner(*network_);
    return episode_losses(learner, config_.meta, config_.weights, {{0, 2}, {1}}, faces_, references_);
  }
  torch::Tensor loss() { return losses().total; }
  /// How the loss changes along `direction` of a parameter, by central differences.
  double slope(torch::Tensor parameter, const torch::Tensor& direction) {
    const torch::Tensor start = parameter.detach().clone();
    const double width = 1e-6;
    const auto at = [&](double distance) {
      {
        const torch::NoGradGuard no_grad;
        parameter.copy_(start + distance * direction);
      }
      const double value = loss().item<double>();
      const torch::NoGradGuard no_grad;
      parameter.copy_(start);
      return value;
    };
    return (at(width) - at(-width)) / (2 * width);
  }

  MappingStageConfig config_ = small_mapping();
  std::shared_ptr<MappingNetImpl> network_ = std::make_shared<MappingNetImpl>(kModel, 5);
  std::vector<Faces> faces_;
  std::map<int64_t, Faces> references_;
};

TEST_F(OneEpisode, TheOuterGradientIsThatOfFiniteDifferences) {
  references_.clear();  // a choice among steps has no derivative
  loss().backward();
  for (const auto* name : {"head.fc.weight", "head.fc.bias", "head.conv.7.weight", "head.conv.7.bias"}) {
    auto parameter = network_->named_parameters()[name];
    const auto direction = parameter.grad() / parameter.grad().norm();
    const double expected = parameter.grad().norm().item<double>();
    EXPECT_NEAR(slope(parameter, direction), expected, 1e-7 * std::max(1.0, expected)) << name;
  }
}

TEST_F(OneEpisode, FirstOrderIsAnotherGradientOfTheSameLoss) {
  references_.clear();
  const auto second = loss();
  config_.meta.inner.second_order = false;
  const auto first = loss();
  EXPECT_EQ(first.item<double>(), second.item<double>());
  const auto weight = network_->head().parameters().front();
  const auto gradient_of = [&](const torch::Tensor& value) { return torch::autograd::grad({value}, {weight}).front(); };
  EXPECT_GT((gradient_of(first) - gradient_of(second)).abs().max().item<double>(), 1e-6);
}

TEST_F(OneEpisode, ReferencesTouchNoStatistics) {
  const auto notes = [&] {
    torch::Tensor taken;
    loss();
    models::move_running_statistics(*network_, *network_, [&](torch::Tensor& sums) { taken = sums.clone(); });
    return taken;
  };
  const auto before = models::named_tensors(*network_).at("trunk.bn1.running_mean").clone();
  const auto with = notes();
  EXPECT_FALSE(before.equal(models::named_tensors(*network_).at("trunk.bn1.running_mean")));
  references_.clear();
  EXPECT_TRUE(with.equal(notes()));
}

TEST_F(OneEpisode, WithoutStepsNothingIsAdapted) {
  config_.meta.inner.steps = 0;
  const auto found = losses();
  EXPECT_EQ(found.k, 0);
  auto& head = network_->head();
  double sum = 0;
  for (const auto& [own, next] : {std::pair{0, 2}, std::pair{2, 0}}) {
    const auto features = [&](int domain) {
      return network_->features(faces_[static_cast<size_t>(domain)].pictures, Statistics::batch);
    };
    const auto loss = [&](const torch::Tensor& x, const torch::Tensor& labels) {
      return at::cross_entropy_loss(head.forward(x, Statistics::batch).logits, labels).item<double>();
    };
    sum += loss(features(own), faces_[static_cast<size_t>(own)].labels);
    sum += loss(at::cat({features(1), features(next)}),
                at::cat({faces_[1].labels, faces_[static_cast<size_t>(next)].labels}));
  }
  EXPECT_NEAR(found.cls.item<double>(), sum, 1e-12);
}

TEST_F(OneEpisode, TheLossBeforeTheChosenStepIsThatOfTheReferenceCode) {
  references_.clear();
  config_.meta.loss_at = "pre";
  config_.meta.inner.steps = 1;
  const auto pre = losses();
  config_.meta.loss_at = "selected";
  const auto selected = losses();
  EXPECT_NE(pre.cls.item<double>(), selected.cls.item<double>());
}

TEST(Domains, AreDrawnAnewForEveryEpisodeAndAreTheSameEverywhere) {
  MetaConfig config;
  std::set<int64_t> tested;
  for (int64_t episode = 0; episode < 40; ++episode) {
    const auto split = draw_domains(config, 3, 7, episode);
    EXPECT_EQ(split.train.size(), 3U);
    ASSERT_EQ(split.test.size(), 1U);
    tested.insert(split.test.front());
    EXPECT_EQ(draw_domains(config, 3, 7, episode).train, split.train);
  }
  EXPECT_EQ(tested.size(), 4U);
  config.domains = {"Deepfakes"};
  EXPECT_EQ(draw_domains(config, 3, 7, 1).train, std::vector<int64_t>{0});
  EXPECT_EQ(draw_domains(config, 3, 7, 1).test, std::vector<int64_t>{1});
}

TEST(Domains, ASingleOneHasFoldsAndAFreshBatch) {
  MetaConfig config;
  config.domains = {"Deepfakes"};
  data::StreamNeeds base;
  const auto streams = episode_streams(config, base);
  std::map<std::string, data::StreamNeeds> named;
  for (const auto& one : streams) { named[one.name] = one; }
  EXPECT_EQ(named.at(kRealStream).group, 3 * config.samples);
  EXPECT_FALSE(named.at("fake.train").fold.second);
  EXPECT_TRUE(named.at("fake.test").fold.second);
  EXPECT_EQ(named.at(kFreshStream).fold.seed, named.at("fake.train").fold.seed);
  EXPECT_NE(named.at(kFreshStream).seed, named.at("fake.train").seed);
}

TEST(Domains, AReferenceSetThatShowsAFaceTwiceIsRefused) {
  data::Batch batch;
  batch.samples = {1, 2, 3, 1};
  batch.epochs = {0, 0, 0, 1};
  try {
    require_distinct(batch, "reference.Deepfakes", 4);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const DataError& error) { EXPECT_THAT(error.what(), ::testing::HasSubstr("meta.reference")); }
  batch.samples = {1, 2, 3, 4};
  batch.epochs = {0, 0, 0, 0};
  EXPECT_NO_THROW(require_distinct(batch, "reference.Deepfakes", 4));
}

}  // namespace
}  // namespace realface::stages
