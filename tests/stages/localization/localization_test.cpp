// The localiser's episodes: losses, dropout, masks that nobody knows, and the same update at 1, 2 and 3 ranks.

#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/error.h"
#include "stages/episodes/losses.h"
#include "stages/localization/learner.h"
#include "stages/localization/recipe.h"
#include "stages/training/pixels.h"
#include "tests/mpi_world.h"
#include "tests/stages/episodes/episode_streams.h"
#include "tests/stages/fakes.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using models::LocalizerImpl;
using models::Statistics;

distributed::World& world() { return realface::testing::mpi_world(); }

LocalizationConfig small_localization() {
  LocalizationConfig config;
  config.recovered = "none";
  config.model.encoder = "small";
  config.model.mapping.size = "small";
  config.model.mapping.image = kSide;
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

/// What one update of 6 episodes makes of the network, and what the stage reported.
struct Updated {
  std::map<std::string, torch::Tensor> tensors;
  StepReport report;
};

Updated updated(const LocalizationConfig& config, int64_t ranks, int64_t rank, distributed::World& in) {
  const LocalizationRecipe recipe(config);
  auto set = recipe.build(kSeed, in.device(), in.host_group());
  set.get<LocalizerImpl>("localizer")->to(torch::kFloat64);
  EpisodeStreams streams(recipe.needs(kSeed, static_cast<int>(ranks)), ranks, rank);
  const data::DataConfig data;
  const auto stage = recipe.make({in, set, streams, data, ".", kSeed});
  Updated result;
  result.report = stage->step(on_device(*streams.next()));
  result.tensors = models::named_tensors(*set.get<LocalizerImpl>("localizer"));
  return result;
}

/// Faces of one stream's batch and its neighbour's, as the stage puts them together.
Faces faces_of(const data::Batch& reals, int64_t first, const data::Batch& fakes) {
  const Normaliser pixels("imagenet", 1, torch::kCPU);
  const auto both = [&](auto member) { return at::cat({(reals.*member).narrow(0, first, 2), fakes.*member}); };
  const auto keys = [&](std::vector<int64_t> some, const std::vector<int64_t>& more) {
    some = {some.begin() + first, some.begin() + first + 2};
    some.insert(some.end(), more.begin(), more.end());
    return some;
  };
  Faces faces;
  faces.pictures = pixels.planes(both(&data::Batch::images)).to(torch::kFloat64);
  faces.labels = both(&data::Batch::labels);
  faces.targets = both(&data::Batch::companion).to(torch::kFloat64);
  const auto tampered = both(&data::Batch::tampered);
  faces.truth = tampered.eq(1).to(torch::kFloat64).unsqueeze(1);
  faces.known = tampered.ne(data::kNotKnown).flatten(1).all(1).to(torch::kFloat64);
  faces.epochs = keys(reals.epochs, fakes.epochs);
  faces.samples = keys(reals.samples, fakes.samples);
  return faces;
}

/// Six episodes one after the other, without stage and trainer, as a single rank would on the host.
std::map<std::string, torch::Tensor> by_hand(const LocalizationConfig& config) {
  const LocalizationRecipe recipe(config);
  auto set = recipe.build(kSeed, torch::kCPU, world().host_group());
  auto network = set.get<LocalizerImpl>("localizer");
  network->to(torch::kFloat64);
  LocalizerLearner learner(*network, config.dropout, kSeed);
  EpisodeStreams streams(recipe.needs(kSeed, 1), 1, 0);
  const auto step = *streams.next();
  const Normaliser pixels("imagenet", 1, torch::kCPU);
  std::map<int64_t, Faces> references;
  for (int64_t domain = 0; domain < 3; ++domain) {
    const auto& batch = step.streams.at(reference_stream(config.meta, domain)).front();
    references[domain].pictures = pixels.planes(batch.images).to(torch::kFloat64);
    references[domain].labels = batch.labels;
  }
  torch::Tensor total;
  for (int64_t episode = 0; episode < 6; ++episode) {
    const auto at = static_cast<size_t>(episode);
    std::vector<Faces> faces;
    for (int64_t domain = 0; domain < 3; ++domain) {
      faces.push_back(faces_of(step.streams.at(kRealStream)[at], 2 * domain,
                               step.streams.at(fakes_stream(config.meta, domain))[at]));
    }
    const auto split = draw_domains(config.meta, kSeed, 0, episode);
    const auto loss = episode_losses(learner, config.meta, config.weights, split, faces, references).total / 6;
    total = total.defined() ? total + loss : loss;
  }
  return updated_by_hand(*network, total);
}

TEST(Localization, SixEpisodesGiveTheSameUpdateAtEveryWorldSize) {
  auto config = small_localization();
  const auto ours = updated(config, world().size(), world().rank(), world()).tensors;
  config.train.accumulate = 6;
  expect_same(ours, by_hand(config), 1e-10);
}

TEST(Localization, ReportsItsPartsAndTheFakesWithoutAMask) {
  const auto report = updated(small_localization(), world().size(), world().rank(), world()).report;
  for (const char* name : {"L_cls", "L_mse", "L_loc", "accuracy", "k", "unmasked"}) {
    EXPECT_TRUE(report.values.contains(name)) << name;
  }
  // Of each domain's twelve fakes, numbers 4 and 9; six episodes share them.
  auto unmasked = report.values.at("unmasked").reshape({1}).cpu().clone();
  world().host_group().all_reduce(unmasked)->wait();
  EXPECT_NEAR(unmasked.item<double>(), 3 * 2 / 6.0, 1e-9);
}

/// One batch of four faces.
class LocalizationLoss : public ::testing::Test {
 protected:
  LocalizationLoss() {
    network_.to(torch::kFloat64);
    std::vector<torch::Tensor> images;
    for (int64_t i = 0; i < 4; ++i) { images.push_back(picture(i)); }
    faces_.pictures = Normaliser("imagenet", 1, torch::kCPU).planes(torch::stack(images)).to(torch::kFloat64);
    faces_.labels = at::arange(4).remainder(2);
    faces_.targets = at::arange(4 * 3 * 16 * 16).to(torch::kFloat64).sin().reshape({4, 3, 16, 16});
    faces_.truth = at::arange(kSide).ge(20).to(torch::kFloat64).expand({4, 1, kSide, kSide}).clone();
    faces_.known = at::ones({4}, torch::kFloat64);
    faces_.epochs = {0, 0, 0, 0};
    faces_.samples = {1, 2, 3, 4};
  }
  EpisodeLosses losses() {
    LocalizerLearner learner(network_, 0, kSeed);
    return plain_losses(learner, {1, 10, 100}, {faces_});
  }

  LocalizerImpl network_{small_localization().model, 5};
  Faces faces_;
};

TEST_F(LocalizationLoss, IsTheWeightedSumOfEquationSix) {
  const auto found = losses();
  const auto features = network_.features(faces_.pictures, Statistics::batch);
  const auto said = network_.forward(faces_.pictures, features, network_.adapted(), Statistics::batch, {});
  const double cls = at::cross_entropy_loss(said.logits, faces_.labels).item<double>();
  const double mse = at::mse_loss(said.map, faces_.targets).item<double>();
  const double loc = at::mse_loss(said.mask, faces_.truth).item<double>();
  EXPECT_NEAR(found.loc.item<double>(), loc, 1e-12);
  EXPECT_NEAR(found.total.item<double>(), cls + 10 * mse + 100 * loc, 1e-9);
}

TEST_F(LocalizationLoss, LeavesOutFacesOfUnknownTruth) {
  faces_.known[1].zero_();
  faces_.truth[1].fill_(1e6);  // would be noticed
  const auto found = losses();
  const auto features = network_.features(faces_.pictures, Statistics::batch);
  const auto said = network_.forward(faces_.pictures, features, network_.adapted(), Statistics::batch, {});
  double loc = 0;
  for (const int64_t i : {0, 2, 3}) { loc += at::mse_loss(said.mask[i], faces_.truth[i]).item<double>() / 3; }
  EXPECT_NEAR(found.loc.item<double>(), loc, 1e-12);
  faces_.known.zero_();
  EXPECT_EQ(losses().loc.item<double>(), 0);
}

TEST(KeptUnits, AreDrawnByFaceAndPassAlone) {
  const auto all = draw_kept_units(0.5, 512, 3, {0, 0, 1}, {7, 8, 7}, 2);
  const auto alone = draw_kept_units(0.5, 512, 3, {0}, {8}, 2);
  EXPECT_TRUE(all[1].equal(alone[0]));
  EXPECT_FALSE(all[0].equal(all[1]));
  EXPECT_FALSE(all[0].equal(all[2]));
  EXPECT_FALSE(alone[0].equal(draw_kept_units(0.5, 512, 3, {0}, {8}, 3)[0]));
  EXPECT_TRUE((all.eq(0) | all.eq(2)).all().item<bool>());
  EXPECT_NEAR(all.mean().item<double>(), 1, 0.1);
}

TEST(LocalizationRecipe, WantsTargetsAndMasksOnlyForWhatItLearns) {
  auto config = small_localization();
  for (const auto& needs : LocalizationRecipe(config).needs(1, 1)) {
    const bool reference = needs.name.starts_with("reference.");
    EXPECT_EQ(needs.truth, !reference) << needs.name;
    EXPECT_EQ(needs.companion, reference ? "" : "none") << needs.name;
  }
  config.model.maps = false;
  for (const auto& needs : LocalizationRecipe(config).needs(1, 1)) { EXPECT_EQ(needs.companion, "") << needs.name; }
  config.model.maps = true, config.model.locates = false;
  for (const auto& needs : LocalizationRecipe(config).needs(1, 1)) { EXPECT_FALSE(needs.truth) << needs.name; }
}

}  // namespace
}  // namespace realface::stages
