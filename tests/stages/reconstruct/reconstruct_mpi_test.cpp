// The stage on 1, 2 and 3 ranks, against the same sums taken one face at a time.

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/codec/codec.h"
#include "models/localizer/localizer.h"
#include "models/mae/mae.h"
#include "stages/reconstruct/predictors.h"
#include "stages/reconstruct/reconstruct.h"
#include "tests/mpi_world.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

constexpr int64_t kSize = 32, kPatch = 8, kPatches = 16, kSamples = 10;

models::MaeConfig tiny() {
  models::MaeConfig config;
  config.image = kSize, config.patch = kPatch;
  config.width = 16, config.depth = 1, config.heads = 2;
  config.decoder_width = 16, config.decoder_depth = 1, config.decoder_heads = 2;
  return config;
}

models::Set tiny_set(const models::MaeConfig& config = tiny()) {
  models::Set set;
  auto mae = std::make_shared<models::MaeImpl>(config, 5);
  mae->to(mpi_world().device());
  set.add("mae", {mae, false, "test"});
  return set;
}

/// Three real videos and two fake ones, two frames each, all in "test".
SampleTable table() {
  std::vector<VideoInfo> videos;
  for (int i = 0; i < 5; ++i) {
    videos.push_back({"video" + std::to_string(i), i < 3 ? "real" : "fake/Swap", static_cast<int8_t>(i < 3 ? 0 : 1),
                      "test", i, 0, 2});
  }
  return SampleTable(videos);
}

torch::Tensor picture(int64_t sample) {
  CounterRng rng(1, CounterRng::Purpose::test, {static_cast<uint64_t>(sample)});
  std::vector<uint8_t> pixels(kSize * kSize * 3);
  for (auto& pixel : pixels) { pixel = static_cast<uint8_t>(rng.below(256)); }
  return at::tensor(pixels, torch::kUInt8).view({kSize, kSize, 3});
}

/// Of the two fakes, one was tampered with in its left half; of the other it is not known.
torch::Tensor truth(int64_t sample) {
  auto tampered = at::zeros({kSize, kSize}, torch::kUInt8);
  if (sample >= 8) { tampered.fill_(data::kNotKnown); }
  if (sample == 6 || sample == 7) { tampered.slice(1, 0, kSize / 2).fill_(1); }
  return tampered;
}

std::vector<int64_t> masked_patches(int64_t sample, bool varying) {
  CounterRng rng(2, CounterRng::Purpose::test, {static_cast<uint64_t>(sample)});
  return rng.sample(kPatches, varying ? 3 + sample % 5 : 6);
}

/// Some samples as a stream hands them over; `weight` 0 stands for padding.
data::Batch batch_of(const std::vector<int64_t>& samples, const std::vector<float>& weights, bool varying) {
  data::Batch batch;
  std::vector<torch::Tensor> images, masks, truths;
  for (const int64_t sample : samples) {
    images.push_back(picture(sample));
    truths.push_back(truth(sample));
    std::vector<int64_t> mask(kPatches, 0);
    const auto ids = masked_patches(sample, varying);
    for (const int64_t id : ids) { mask[static_cast<size_t>(id)] = 1; }
    masks.push_back(at::tensor(mask).to(torch::kBool));
    batch.visible_max = std::max(batch.visible_max, kPatches - static_cast<int64_t>(ids.size()));
    batch.epochs.push_back(0);
  }
  const auto device = mpi_world().device();
  batch.images = at::stack(images).to(device);
  batch.mask = at::stack(masks).to(device);
  batch.tampered = at::stack(truths).to(device);
  batch.weights = at::tensor(weights).to(device);
  batch.samples = batch.frames = samples;
  batch.fixed_visible = !varying;
  return batch;
}

/// Two updates that hand out all samples over all ranks, the last places padded.
std::vector<data::Step> updates(bool varying, const char* stream) {
  const int64_t ranks = mpi_world().size(), rank = mpi_world().rank();
  const int64_t each = (kSamples + 2 * ranks - 1) / (2 * ranks);  // a rank and update
  std::vector<data::Step> steps(2);
  for (int64_t update = 0; update < 2; ++update) {
    std::vector<int64_t> samples;
    std::vector<float> weights;
    for (int64_t i = 0; i < each; ++i) {
      const int64_t position = update * each * ranks + i * ranks + rank;
      samples.push_back(std::min(position, kSamples - 1));
      weights.push_back(position < kSamples ? 1.0f : 0.0f);
    }
    auto& step = steps[static_cast<size_t>(update)];
    step.index = update;
    step.streams[stream] = {batch_of(samples, weights, varying)};
  }
  return steps;
}

/// The sums over the real videos, one face and one patch at a time.
ErrorSums one_by_one(models::Set& set, bool varying, const torch::Tensor& mean) {
  const torch::NoGradGuard no_grad;
  auto network = set.get<models::MaeImpl>("mae");
  const Normaliser pixels("imagenet", kPatch, mpi_world().device());
  ErrorSums sums;
  for (int64_t sample = 0; sample < 6; ++sample) {
    const auto batch = batch_of({sample}, {1}, varying);
    const auto patches = pixels.patches(batch.images);
    // fixed = false asks the network for all patches, in order.
    const auto visible = models::visible_tokens(batch.mask, batch.visible_max, false);
    const auto predicted = network->forward(patches, visible);
    const auto colours = neighbour_colours(patches, batch.mask, batch.mask.size(1));
    for (const int64_t id : masked_patches(sample, varying)) {
      const auto error = [&](const torch::Tensor& guess) {
        return (guess - patches[0][id]).square().mean().item<double>();
      };
      sums += {0, 1, error(predicted[0][id]), error(mean[id]), error(colours[0][id])};
    }
    ++sums.frames;
  }
  return sums;
}

/// u8 [kSize, kSize, 3]; throws for a picture of another size.
torch::Tensor decoded(const std::string& png) {
  auto pixels = torch::empty({kSize, kSize, 3}, torch::kUInt8);
  data::decode_frame(data::Codec::png, data::as_blob(png), kSize, kSize, pixels.mutable_data_ptr<uint8_t>());
  return pixels;
}

class ReconstructOnRanks : public ::testing::TestWithParam<bool> {};

TEST_P(ReconstructOnRanks, SumsEveryFaceOnce) {
  auto set = tiny_set();
  const auto samples = table();
  const auto mean = torch::full({kPatches, kPatch * kPatch * 3}, 0.25).to(mpi_world().device());
  Reconstruct stage({}, "imagenet", set, samples, mean, mpi_world());
  for (const auto& step : updates(GetParam(), Reconstruct::kStream)) { stage.step(step); }
  stage.finish();
  const auto& result = stage.result();

  const auto expected = one_by_one(set, GetParam(), mean);
  EXPECT_EQ(result.held_out.frames, expected.frames);
  EXPECT_EQ(result.held_out.patches, expected.patches);
  EXPECT_NEAR(result.held_out.model, expected.model, 1e-4 * expected.model);
  EXPECT_NEAR(result.held_out.train_mean, expected.train_mean, 1e-4 * expected.train_mean);
  EXPECT_NEAR(result.held_out.neighbours, expected.neighbours, 1e-4 * expected.neighbours);
  ASSERT_EQ(result.classes.size(), 2u);
  EXPECT_EQ(result.classes[0].videos, 3);
  EXPECT_EQ(result.classes[1].name, "fake/Swap");
  EXPECT_EQ(result.classes[1].frames, 4);
}

TEST_P(ReconstructOnRanks, GathersPicturesFromAllRanksInOrder) {
  auto set = tiny_set();
  const auto samples = table();
  const auto mean = torch::zeros({kPatches, kPatch * kPatch * 3}).to(mpi_world().device());
  Reconstruct stage({}, "imagenet", set, samples, mean, mpi_world());
  for (const auto& step : updates(GetParam(), Reconstruct::kStream)) { stage.step(step); }
  stage.finish();
  std::vector<int64_t> shown;
  for (const auto& shot : stage.result().pictures) { shown.push_back(shot.sample); }
  EXPECT_THAT(shown, ::testing::ElementsAre(1, 3, 5, 7, 9));  // each video's middle frame
  const auto image = decoded(stage.result().pictures[0].original);
  EXPECT_EQ(image[3][4][0].item<uint8_t>(), picture(1)[3][4][0].item<uint8_t>());
}

TEST_P(ReconstructOnRanks, ShowsTheMasksOfALocaliserBesideTheTrueOnes) {
  auto set = tiny_set();
  models::LocalizerConfig config;
  config.encoder = config.mapping.size = "small";
  auto localizer = std::make_shared<models::LocalizerImpl>(config, 7);
  localizer->to(mpi_world().device());
  set.add("localizer", {localizer, true, "test"});
  const auto samples = table();
  const auto mean = torch::zeros({kPatches, kPatch * kPatch * 3}).to(mpi_world().device());
  Reconstruct stage({}, "imagenet", set, samples, mean, mpi_world());
  for (const auto& step : updates(GetParam(), Reconstruct::kStream)) { stage.step(step); }
  stage.finish();
  ASSERT_EQ(stage.result().pictures.size(), 5u);
  for (const auto& shot : stage.result().pictures) {
    EXPECT_NO_THROW(decoded(shot.mapped));
    EXPECT_NO_THROW(decoded(shot.mask));
    EXPECT_EQ(shot.true_mask.empty(), shot.sample == 9);
    if (shot.sample == 9) { continue; }
    const auto true_mask = decoded(shot.true_mask);
    EXPECT_EQ(true_mask[5][3][0].item<int>(), shot.sample == 7 ? 255 : 0) << shot.sample;
    EXPECT_EQ(true_mask[5][kSize - 3][0].item<int>(), 0) << shot.sample;
  }
}

INSTANTIATE_TEST_SUITE_P(FixedAndVarying, ReconstructOnRanks, ::testing::Bool());

TEST(MeanPatches, IsTheMeanOverAllRanksWithoutPadding) {
  const Normaliser pixels("imagenet", kPatch, mpi_world().device());
  MeanPatches stage(pixels, 2, mpi_world());
  for (const auto& step : updates(false, MeanPatches::kStream)) { stage.step(step); }
  EXPECT_EQ(stage.position(), stage.steps());
  stage.finish();
  EXPECT_EQ(stage.faces(), kSamples);
  std::vector<torch::Tensor> all;
  for (int64_t sample = 0; sample < kSamples; ++sample) { all.push_back(picture(sample)); }
  const auto expected = pixels.patches(at::stack(all).to(mpi_world().device())).to(torch::kFloat64).mean(0);
  EXPECT_LT((stage.mean() - expected).abs().max().item<double>(), 1e-6);
}

TEST(MeanPatches, OfNoFaceIsAnError) {
  const MeanPatches stage(Normaliser("unit", kPatch, torch::kCPU), 0, mpi_world());
  EXPECT_THROW(stage.mean(), DataError);
}

TEST(Reconstruct, RefusesANetworkThatPredictsNormalisedPatches) {
  auto config = tiny();
  config.norm_pix = true;
  auto set = tiny_set(config);
  const auto samples = table();
  EXPECT_THROW(Reconstruct({}, "imagenet", set, samples, torch::zeros({kPatches, 192}), mpi_world()), ConfigError);
}

}  // namespace
}  // namespace realface::stages
