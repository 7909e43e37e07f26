#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "models/lre/description.h"
#include "models/mae/description.h"
#include "models/xception/description.h"
#include "stages/attention/differences.h"
#include "stages/attention/recipe.h"
#include "stages/composite/stage.h"
#include "stages/evaluate/branches.h"
#include "stages/reconstruct/difference_views.h"
#include "tests/mpi_world.h"
#include "tests/stages/fakes.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

models::MaeConfig small_mae() {
  return {.image = 32,
          .patch = 8,
          .width = 32,
          .depth = 1,
          .heads = 2,
          .decoder_width = 16,
          .decoder_depth = 1,
          .decoder_heads = 2};
}

AttentionConfig small_attention() {
  AttentionConfig config;
  config.mae = config.extractor = "given by the test";
  config.model.xception = {.size = "small", .image = 32, .classes = 1};
  config.model.taps = {"block2", "block3", "block5"};
  config.patch = 8;
  config.train.steps = 100;
  config.train.batch = 12;
  config.train.schedule.lr_abs = 1e-3;
  return config;
}

models::Set networks(const AttentionConfig& config, const models::MaeConfig& mae = small_mae()) {
  models::Set set;
  const auto restoring = models::make_autoencoder(mae, kSeed);
  set.add("mae", {.module = restoring,
                  .frozen = true,
                  .source = "a test",
                  .licences = {"of the autoencoder"},
                  .description = models::describe(mae, "imagenet")});
  auto xception = config.model.xception;
  xception.classes = 0;
  set.add("extractor", {.module = std::make_shared<models::XceptionImpl>(xception, kSeed + 1),
                        .frozen = true,
                        .source = "a trained Xception",
                        .licences = {"of the extractor"},
                        .description = models::describe(xception)});
  set.add("lre", {.module = std::make_shared<models::LreImpl>(config.model, kSeed),
                  .source = "a seed",
                  .description = models::describe(config.model)});
  return set;
}

/// Faces of noise, fakes a little brighter, and masks of 12 of 16 patches: a function of the step. Cut among ranks and
/// micro-batches.
class Faces final : public data::Streams {
 public:
  explicit Faces(const AttentionConfig& config) : config_(config) {}

  static data::Batch batch(const AttentionConfig& config, int64_t step, int64_t first, int64_t count) {
    torch::manual_seed(static_cast<uint64_t>(step));
    const auto side = config.model.xception.image;
    const auto all = at::randint(200, {config.train.batch, side, side, 3}, torch::kUInt8);
    const auto masks = at::rand({config.train.batch, 16}).argsort(int64_t{1}).lt(12);
    data::Batch batch;
    batch.samples.resize(static_cast<size_t>(count));
    std::iota(batch.samples.begin(), batch.samples.end(), first);
    batch.epochs.assign(static_cast<size_t>(count), step);
    batch.labels = at::tensor(batch.samples, torch::kInt64).remainder(2);
    batch.images = all.narrow(0, first, count) + (batch.labels * 40).to(torch::kUInt8).view({-1, 1, 1, 1});
    batch.mask = masks.narrow(0, first, count);
    batch.weights = at::ones({count});
    return batch;
  }
  static data::Step step(const AttentionConfig& config, int64_t index, int ranks, int rank) {
    data::Step step;
    step.index = index;
    const int64_t count = config.train.batch / ranks / config.train.accumulate;
    for (int64_t micro = 0; micro < config.train.accumulate; ++micro) {
      step.streams["faces"].push_back(batch(config, index, (micro * ranks + rank) * count, count));
    }
    return step;
  }

  std::optional<data::Step> next() override {
    return on_device(step(config_, position_++, mpi_world().size(), mpi_world().rank()));
  }
  int64_t steps_per_epoch() const override { return 4; }
  int64_t samples() const override { return 4 * config_.train.batch; }
  std::string dataset_digest() const override { return "noise"; }
  std::vector<Part*> parts() override { return {}; }
  void seek(int64_t step) { position_ = step; }

 private:
  AttentionConfig config_;
  int64_t position_ = 0;
};

struct Training {
  explicit Training(const AttentionConfig& settings) : set(on_device(networks(settings))), streams(settings) {
    data::DataConfig any;
    any.crops = "any";
    stage = AttentionRecipe(settings).make({mpi_world(), set, streams, any, "", kSeed});
  }
  StepReport step() { return stage->step(*streams.next()); }
  std::vector<Part*> parts() {
    auto all = set.parts();
    for (auto* part : stage->parts()) { all.push_back(part); }
    return all;
  }

  models::Set set;
  Faces streams;
  std::unique_ptr<Stage> stage;
};

TEST(Differences, CopyWhatIsSeenAndPredictTheRestAsACompositeDoes) {
  const torch::NoGradGuard no_grad;
  const auto config = small_attention();
  const auto set = networks(config);
  const Differences differences(set, config.model, torch::kCPU);
  const auto batch = Faces::batch(config, 0, 0, 6);
  const auto found = differences.of(batch.images, batch.mask);
  const auto network = set.get<models::MaskedAutoencoder>("mae");
  const auto composite =
      inpaint(*network, Normaliser("imagenet", 8, torch::kCPU), batch.images, batch.mask.unsqueeze(1), 16);
  EXPECT_LT((found.restored - composite).abs().max().item<double>(), 1e-5);
  const auto hidden = models::patchify(found.restored, 8), original = models::patchify(batch.images / 255.0, 8);
  const auto seen = batch.mask.logical_not().unsqueeze(-1);
  EXPECT_LT(((hidden - original) * seen).abs().max().item<double>(), 1e-6);
  EXPECT_GT(((hidden - original) * batch.mask.unsqueeze(-1)).abs().mean().item<double>(), 0.01);
  EXPECT_LT((found.faces - (batch.images / 127.5 - 1).permute({0, 3, 1, 2})).abs().max().item<double>(), 1e-6);
  ASSERT_EQ(found.maps.size(), 3U);
  EXPECT_EQ(found.maps[0].sizes(), (std::vector<int64_t>{6, 1, 7, 7}));
}

TEST(Differences, VanishWhereNothingWasRestored) {
  const torch::NoGradGuard no_grad;
  auto config = small_attention();
  config.model.ratio = 1.0 / 16;
  const auto set = networks(config);
  const Differences differences(set, config.model, torch::kCPU);
  auto mask = at::zeros({1, 16}, torch::kBool);
  mask[0][15] = true;  // the last patch: pixels 24 to 31
  const auto map = differences.of(Faces::batch(config, 0, 0, 1).images, mask).maps[0][0][0];  // 7 x 7, 4 pixels each
  EXPECT_LT(map.narrow(0, 0, 3).max().item<double>(), 1e-6);
  EXPECT_GT(map[6][6].item<double>(), 1e-4);
}

TEST(DifferenceViews, AreTheMapsOfEachTapAtTheFacesSizeAndScaled) {
  const torch::NoGradGuard no_grad;
  const auto config = small_attention();
  const auto set = networks(config);
  const auto batch = Faces::batch(config, 0, 0, 1);
  const auto views = difference_views(set, torch::kCPU)(batch.images[0], batch.mask[0]);
  const auto maps = Differences(set, config.model, torch::kCPU).of(batch.images, batch.mask).maps;
  ASSERT_EQ(views.size(), maps.size());
  for (size_t i = 0; i < views.size(); ++i) {
    EXPECT_EQ(views[i].sizes(), (std::vector<int64_t>{32, 32}));
    EXPECT_EQ(views[i].max().item<float>(), 1);
    EXPECT_GE(views[i].min().item<float>(), 0);
    // The maximum is taken of the enlarged map: the corner's value, which bilinear enlarging keeps, is at least so
    // large.
    const double corner = (maps[i][0][0][0][0] / maps[i].max()).item<double>();
    EXPECT_GE(views[i][0][0].item<double>(), corner - 1e-6);
  }
  EXPECT_FALSE(difference_views(models::Set(), torch::kCPU));

  const auto branch = branches_of(set, torch::kCPU).at(0);
  const auto heat = branch.score_hidden(batch.images.unsqueeze(0), batch.mask.unsqueeze(0)).heat;
  ASSERT_EQ(heat.sizes(), (std::vector<int64_t>{1, 1, 32, 32}));
  EXPECT_LT((heat[0][0] - views[0]).abs().max().item<double>(), 1e-5);
}

struct Whole {
  double loss = 0, norm = 0;
};

/// One update without recipe, trainer or reducer: a forward pass for each rank's micro-batches, binary cross-entropy.
Whole whole_batch(const AttentionConfig& config) {
  const auto set = networks(config);
  const Differences differences(set, config.model, torch::kCPU);
  const auto network = set.get<models::LreImpl>("lre");
  auto sum = at::zeros({});
  for (int rank = 0; rank < mpi_world().size(); ++rank) {
    const auto step = Faces::step(config, 0, mpi_world().size(), rank);
    for (const auto& batch : step.streams.at("faces")) {
      const auto seen = differences.of(batch.images, batch.mask);
      sum = sum + at::binary_cross_entropy_with_logits(network->forward(seen.faces, seen.maps),
                                                       batch.labels.to(torch::kFloat32), {}, {}, at::Reduction::Sum);
    }
  }
  const auto loss = sum / config.train.batch;
  loss.backward();
  Whole whole{loss.item<double>(), 0};
  for (const auto& parameter : network->parameters()) {
    whole.norm += parameter.grad().to(torch::kFloat64).square().sum().item<double>();
  }
  whole.norm = std::sqrt(whole.norm);
  return whole;
}

TEST(Attention, LossAndGradientAreThoseOfAllRanksBatches) {
  for (const int64_t accumulate : {1, 2}) {
    for (const std::string attention : {"product", "residual"}) {
      auto config = small_attention();
      config.train.accumulate = accumulate;
      config.model.attention = attention;
      const auto whole = whole_batch(config);
      Training training(config);
      const auto report = training.step();
      EXPECT_NEAR(over_ranks(report.loss), whole.loss, 1e-5 * whole.loss) << accumulate << " micro-batches";
      EXPECT_NEAR(report.grad_norm.item<double>(), whole.norm, 1e-4 * whole.norm) << accumulate << " micro-batches";
      EXPECT_EQ(report.samples, config.train.batch);
    }
  }
}

TEST(Attention, TrainsTheDetectorAloneAndEqualsOnAllRanks) {
  const auto config = small_attention();
  Training training(config);
  const auto mae = training.set.sha256("mae"), extractor = training.set.sha256("extractor");
  const auto before = models::weights_sha256(*training.set.entry("lre").module);
  training.step();
  EXPECT_EQ(models::weights_sha256(*training.set.entry("mae").module), mae);
  EXPECT_EQ(models::weights_sha256(*training.set.entry("extractor").module), extractor);
  EXPECT_NE(models::weights_sha256(*training.set.entry("lre").module), before);
  for (const auto& [name, tensor] : models::named_tensors(*training.set.entry("lre").module)) {
    auto sum = tensor.detach().to(torch::kFloat64).flatten().clone();
    mpi_world().group().all_reduce(sum)->wait();
    EXPECT_LT((sum / mpi_world().size() - tensor.detach().flatten()).abs().max().item<double>(), 1e-7) << name;
  }
}

TEST(Attention, ContinuesBitForBit) {
  const auto config = small_attention();
  Training straight(config);
  for (int i = 0; i < 2; ++i) { straight.step(); }
  const Memory memory(straight.parts());
  for (int i = 0; i < 2; ++i) { straight.step(); }
  Training resumed(config);
  memory.restore(resumed.parts());
  EXPECT_EQ(resumed.stage->position(), 2);
  resumed.streams.seek(2);
  for (int i = 0; i < 2; ++i) { resumed.step(); }
  EXPECT_EQ(models::weights_sha256(*resumed.set.entry("lre").module),
            models::weights_sha256(*straight.set.entry("lre").module));
}

TEST(Attention, BeginsAsTheExtractorAndKeepsWhatItsWeightsOblige) {
  auto config = small_attention();
  auto set = networks(config);
  const auto head = models::named_tensors(*set.entry("lre").module).at("fc.weight").clone();
  AttentionRecipe(config).begin(set, mpi_world().host_group());
  const auto own = models::named_tensors(*set.entry("lre").module);
  for (const auto& [name, tensor] : models::named_tensors(*set.entry("extractor").module)) {
    EXPECT_TRUE(at::equal(own.at(name), tensor)) << name;
  }
  EXPECT_TRUE(at::equal(own.at("fc.weight"), head));
  EXPECT_EQ(set.entry("lre").source, "the extractor's, a trained Xception");
  EXPECT_EQ(set.entry("lre").licences, (std::set<std::string>{"of the autoencoder", "of the extractor"}));
  config.start = "seed";
  auto scratch = networks(config);
  const auto before = models::weights_sha256(*scratch.entry("lre").module);
  AttentionRecipe(config).begin(scratch, mpi_world().host_group());
  EXPECT_EQ(models::weights_sha256(*scratch.entry("lre").module), before);
}

TEST(Attention, RefusesNetworksThatDoNotFit) {
  const auto config = small_attention();
  const auto message = [&](const AttentionConfig& wanted, const models::MaeConfig& mae) {
    const auto set = networks(config, mae);
    try {
      const Differences differences(set, wanted.model, torch::kCPU);
    } catch (const Error& error) { return std::string(error.what()); }
    return std::string();
  };
  EXPECT_EQ(message(config, small_mae()), "");
  auto mae = small_mae();
  mae.image = 64;
  EXPECT_NE(message(config, mae).find("was trained on pictures of 64 pixels"), std::string::npos);
  mae = small_mae();
  mae.norm_pix = true;
  EXPECT_NE(message(config, mae).find("model.norm_pix=false"), std::string::npos);
  mae = small_mae();
  mae.architecture = "video_mae", mae.frames = 4, mae.tubelet = 2;
  EXPECT_NE(message(config, mae).find("trained on clips"), std::string::npos);
  auto full = config;
  full.model.xception.size = "full";
  EXPECT_NE(message(full, small_mae()).find("is an Xception of size 'small'"), std::string::npos);
}

}  // namespace
}  // namespace realface::stages
