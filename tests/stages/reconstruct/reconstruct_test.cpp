#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <opencv2/imgcodecs.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/mae/mae.h"
#include "stages/reconstruct/picture.h"
#include "stages/reconstruct/predictors.h"
#include "stages/reconstruct/result.h"
#include "stages/reconstruct/statistics.h"
#include "stages/scores/samples.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

using testing::ElementsAre;

VideoInfo video(const char* key, const char* class_name, const char* split, int64_t group, int64_t frames) {
  const int8_t label = std::string(class_name) == "real" ? 0 : 1;
  return {key, class_name, label, split, group, 0, frames};
}

SampleTable table() {
  return SampleTable({video("a", "real", "train", 1, 4), video("b", "real", "test", 2, 3),
                      video("gone", "real", "test", 3, 0), video("c", "real", "test", 4, 5),
                      video("b_x", "fake/Swap", "test", 2, 3), video("c_x", "fake/Swap", "test", 4, 5)});
}

TEST(SampleTable, FindsTheVideoOfASamplePastOnesWithoutFrames) {
  const auto samples = table();
  EXPECT_EQ(samples.samples(), 20);
  const auto key = [&](int64_t sample) { return samples.videos()[samples.video_of(sample)].key; };
  EXPECT_EQ(key(0), "a");
  EXPECT_EQ(key(3), "a");
  EXPECT_EQ(key(4), "b");
  EXPECT_EQ(key(6), "b");
  EXPECT_EQ(key(7), "c");
  EXPECT_EQ(key(19), "c_x");
  EXPECT_THROW(samples.video_of(20), DataError);
  EXPECT_THROW(samples.video_of(-1), DataError);
}

TEST(SampleTable, PicksMiddleFramesOfTheSameGroupsInEveryClass) {
  EXPECT_THAT(table().pick("test", 6, 6), ElementsAre(5, 9, 13, 17));
  // One real face, spread to the middle of the list: group 4, then the fake of that group.
  EXPECT_THAT(table().pick("test", 1, 1), ElementsAre(9, 17));
  EXPECT_TRUE(table().pick("val", 3, 3).empty());
}

TEST(SampleTable, PicksMoreVideosOfAGroupOnlyWhereGroupsAreFew) {
  const SampleTable pairs({video("a", "real", "test", 1, 1), video("b", "real", "test", 1, 1),
                           video("c", "real", "test", 2, 1), video("d", "real", "test", 2, 1)});
  EXPECT_THAT(pairs.pick("test", 2, 0), ElementsAre(0, 2));
  EXPECT_THAT(pairs.pick("test", 4, 0), ElementsAre(0, 1, 2, 3));
}

TEST(SampleTable, CountsVideosWhoseGroupWasTrainedOn) {
  EXPECT_EQ(table().seen_in_training("test"), 0);
  const SampleTable leaking({video("a", "real", "train", 2, 4), video("b", "real", "test", 2, 3)});
  EXPECT_EQ(leaking.seen_in_training("test"), 1);
}

TEST(MeanInterval, IsStudents) {
  const auto result = mean_interval({4, 6, 8, 10});
  EXPECT_DOUBLE_EQ(result.mean, 7);
  // s = sqrt(20/3), t(0.975, 3) = 3.18245
  EXPECT_NEAR(result.high - 7, 3.18245 * std::sqrt(20.0 / 3 / 4), 1e-4);
  EXPECT_NEAR(7 - result.low, result.high - 7, 1e-12);
  EXPECT_TRUE(std::isnan(mean_interval({3}).low));
  EXPECT_TRUE(std::isnan(mean_interval({}).mean));
}

TEST(StudentT, AgreesWithTheTable) {
  for (const auto& [degrees, quantile] : std::map<int, double>{{1, 12.7062},
                                                               {4, 2.7764},
                                                               {10, 2.2281},
                                                               {11, 2.2010},
                                                               {15, 2.1314},
                                                               {20, 2.0860},
                                                               {21, 2.0796},
                                                               {30, 2.0423},
                                                               {100, 1.9840},
                                                               {100000, 1.9600}}) {
    EXPECT_NEAR(student_t(degrees), quantile, 1e-4) << degrees;
  }
}

TEST(Summary, WeighsVideosNotFrames) {
  std::map<size_t, ErrorSums> videos;
  videos[1] = {3, 30, 3, 0, 0};     // real, error .1
  videos[3] = {5, 500, 150, 0, 0};  // real, error .3
  videos[4] = {3, 30, 6, 0, 0};     // fake, .2
  videos[5] = {5, 50, 20, 0, 0};    // fake, .4
  const auto classes = summarise(table(), videos);
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[0].name, "real");
  EXPECT_NEAR(classes[0].error, 0.2, 1e-12);
  EXPECT_EQ(classes[0].frames, 8);
  EXPECT_TRUE(std::isnan(classes[0].auc));
  EXPECT_NEAR(classes[1].error, 0.3, 1e-12);
  EXPECT_DOUBLE_EQ(classes[1].auc, 0.75);  // .2 > .1, .2 < .3, .4 > both
}

TEST(Summary, KeepsToWordsWhereThereAreNoRealFaces) {
  const auto classes = summarise(table(), {{4, {3, 30, 6, 0, 0}}});
  ASSERT_EQ(classes.size(), 1u);
  EXPECT_TRUE(std::isnan(classes[0].auc));
  EXPECT_TRUE(std::isnan(classes[0].low));
}

TEST(Ratio, IsAgainstTheBetterGuess) {
  Reconstruction result;
  EXPECT_TRUE(std::isnan(result.ratio()));
  result.held_out = {1, 10, 2, 8, 5};
  EXPECT_DOUBLE_EQ(result.ratio(), 0.4);
}

TEST(Reconstruction, IsTheSameWhenReadAgain) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "reconstruction-test";
  Reconstruction result;
  result.split = "val";
  result.held_out = {3, 30, 1.5, 2.5, std::nan("")};
  result.classes = {{"real", 1, 3, 0.05, std::nan(""), std::nan(""), std::nan("")}};
  result.pictures = {{"fake/A b", "k", 7, "1\n2", "", std::string("\0x", 2), "m", "p", "", "a"}};
  result.provenance = {{"update", 5}};
  save_reconstruction(result, folder);
  const auto again = load_reconstruction(folder);
  EXPECT_EQ(again.split, "val");
  EXPECT_EQ(again.seen_in_training, std::nullopt) << "unless it was said";
  EXPECT_EQ(again.held_out.model, 1.5);
  EXPECT_TRUE(std::isnan(again.held_out.neighbours));
  EXPECT_TRUE(std::isnan(again.classes.at(0).low));
  EXPECT_EQ(again.pictures.at(0).restored, result.pictures[0].restored);
  EXPECT_EQ(again.pictures.at(0).mapped, "m");
  EXPECT_EQ(again.pictures.at(0).mask, "p");
  EXPECT_EQ(again.pictures.at(0).true_mask, "");
  EXPECT_EQ(again.pictures.at(0).restored_activation, "a");
  EXPECT_EQ(again.provenance, result.provenance);
  result.pictures[0].class_name = "real";
  result.seen_in_training = 0;
  save_reconstruction(result, folder);  // pictures of the earlier result go
  EXPECT_EQ(load_reconstruction(folder).seen_in_training, 0);
  const auto files = std::filesystem::directory_iterator(folder / kReconstructionFolder);
  EXPECT_EQ(std::distance(begin(files), end(files)), 6);
  std::ofstream(folder / kReconstructionFile) << "{\"schema\": \"realface.reconstruction\", \"version\": 1}";
  EXPECT_THROW(load_reconstruction(folder), DataError);
  std::ofstream(folder / kReconstructionFile) << "not json";
  EXPECT_THROW(load_reconstruction(folder), DataError);
  std::filesystem::remove_all(folder);
}

/// The shape of a result with one picture, whose bytes begin with `mark`.
Reconstruction with_picture(const std::string& mark) {
  Reconstruction result;
  result.split = mark;
  result.pictures = {{"real", "k", 7, mark + "1", mark + "2", mark + "3"}};
  return result;
}

TEST(Reconstruction, AKillBeforeTheNewResultIsPublishedLeavesTheOldOneWhole) {
  const TemporaryFolder place;
  const auto& folder = place.path();
  save_reconstruction(with_picture("old"), folder);
  const auto old_json = read_file(folder / kReconstructionFile);
  const auto kept = folder / "kept";
  std::filesystem::copy(folder / kReconstructionFolder, kept);
  save_reconstruction(with_picture("new"), folder);
  // What a kill just before the publishing leaves: all pictures of both, and the old text.
  std::filesystem::copy(kept, folder / kReconstructionFolder,
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::skip_existing);
  std::ofstream(folder / kReconstructionFile) << old_json;
  const auto found = load_reconstruction(folder);
  EXPECT_EQ(found.split, "old");
  EXPECT_EQ(found.pictures.at(0).original, "old1");
  EXPECT_EQ(found.pictures.at(0).restored, "old3");
}

TEST(Reconstruction, IsReadWithoutAPictureThatIsMissing) {
  const TemporaryFolder place;
  const auto& folder = place.path();
  auto result = with_picture("a");
  result.pictures.push_back(with_picture("b").pictures[0]);
  save_reconstruction(result, folder);
  for (const auto& file : std::filesystem::directory_iterator(folder / kReconstructionFolder)) {
    if (read_file(file.path()) == "a2") { std::filesystem::remove(file.path()); }
  }
  const auto found = load_reconstruction(folder);
  ASSERT_EQ(found.pictures.size(), 1u);
  EXPECT_EQ(found.pictures[0].masked, "b2");
}

/// Patches of one colour each: [1, N, 12], patch i has colour (i, 10 i, 100 i).
torch::Tensor coloured(int64_t count) {
  auto patches = at::zeros({1, count, 4, 3});
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t channel = 0; channel < 3; ++channel) {
      patches[0][i].select(1, channel).fill_(static_cast<double>(i) * std::pow(10.0, static_cast<double>(channel)));
    }
  }
  return patches.view({1, count, 12});
}

TEST(NeighbourColours, AreTheMeanOfTheVisibleOnesAround) {
  auto mask = at::zeros({1, 9}, torch::kBool);
  mask[0][4] = true;  // the middle: all eight others are visible, mean 4
  mask[0][0] = true;  // a corner: 1 and 3 are visible, mean 2
  const auto guess = neighbour_colours(coloured(9), mask, 9);
  ASSERT_EQ(guess.sizes(), (std::vector<int64_t>{1, 9, 12}));
  // Patch 0 is masked, so the middle's neighbours are 1, 2, 3, 5, 6, 7, 8.
  EXPECT_NEAR(guess[0][4][0].item<float>(), 32.0 / 7, 1e-5);
  EXPECT_NEAR(guess[0][4][11].item<float>(), 3200.0 / 7, 1e-3);
  EXPECT_NEAR(guess[0][0][4].item<float>(), 20, 1e-5);
}

TEST(NeighbourColours, LookFurtherWhereAllAroundIsMasked) {
  auto mask = at::full({2, 25}, true, torch::kBool);
  mask[0][24] = false;  // one visible patch in the far corner serves all
  const auto guess = neighbour_colours(coloured(25).repeat({2, 1, 1}), mask, 25);
  EXPECT_NEAR(guess[0][0][0].item<float>(), 24, 1e-4);
  EXPECT_NEAR(guess[0][23][0].item<float>(), 24, 1e-4);
  EXPECT_EQ(guess[1].abs().max().item<float>(), 0);  // nothing is visible
}

TEST(Pictures, KeepVisiblePatchesBitForBit) {
  const auto original = at::randint(256, {16, 16, 3}, torch::kUInt8);
  const auto predicted = at::rand({4, 8 * 8 * 3}) * 3 - 1;  // also outside of [0, 1]
  auto mask = at::zeros({4}, torch::kBool);
  mask[1] = true;
  const auto restored = composite(original, predicted, mask, 8);
  EXPECT_TRUE(restored.slice(1, 0, 8).equal(original.slice(1, 0, 8)));
  EXPECT_TRUE(restored.slice(0, 8).equal(original.slice(0, 8)));
  const auto expected = (predicted[1].clamp(0, 1) * 255).round().to(torch::kUInt8).view({8, 8, 3});
  EXPECT_TRUE(restored.slice(0, 0, 8).slice(1, 8).equal(expected));
  const auto grey = grey_out(original, mask, 8).slice(0, 0, 8).slice(1, 8);
  EXPECT_EQ(grey.min().item<int>(), grey.max().item<int>());
}

TEST(Pictures, HeatGrowsLighterOverHalfOfTheFace) {
  const auto face = at::randint(256, {4, 256, 3}, torch::kUInt8);
  const auto values = at::arange(256, torch::kFloat32).div(255).expand({4, 256});
  const auto heat = 2 * heat_over(face, values).to(torch::kFloat32) - face.to(torch::kFloat32);
  const auto light = (heat * at::tensor({0.2126F, 0.7152F, 0.0722F})).sum(2).mean(0);  // of the colours alone
  EXPECT_LT(light[0].item<float>(), 10);
  EXPECT_GT(light[255].item<float>(), 240);
  for (int64_t i = 16; i < 256; i += 16) { EXPECT_GT(light[i].item<float>(), light[i - 16].item<float>()) << i; }
}

TEST(Pictures, AreLosslessRgbPng) {
  const auto original = at::randint(256, {5, 7, 3}, torch::kUInt8);
  const auto png = encode_png(original.transpose(0, 1).contiguous().transpose(0, 1));  // strided, too
  const cv::Mat bgr = cv::imdecode(std::vector<uint8_t>(png.begin(), png.end()), cv::IMREAD_COLOR);
  ASSERT_EQ(bgr.rows, 5);
  for (int y = 0; y < 5; ++y) {
    for (int x = 0; x < 7; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(bgr.at<cv::Vec3b>(y, x)[2 - channel], original[y][x][channel].item<uint8_t>());
      }
    }
  }
}

}  // namespace
}  // namespace realface::stages
