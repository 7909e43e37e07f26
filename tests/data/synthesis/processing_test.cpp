#include "data/synthesis/processing.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "data/inspection/logistic.h"
#include "data/synthesis/forgery/hard_manipulation.h"

namespace realface::data::synthesis {
namespace {

double sharpness(const cv::Mat& image) {
  cv::Mat grey, edges;
  cv::cvtColor(image, grey, cv::COLOR_RGB2GRAY);
  cv::Laplacian(grey, edges, CV_32F);
  cv::Scalar mean, spread;
  cv::meanStdDev(edges, mean, spread);
  return std::log(spread[0]);
}

cv::Mat picture(const Identity& person, int size) { return Renderer(person, size).render(pose_at(person, 0), 0).image; }

TEST(SynthesisProcessing, IsAPureFunctionOfPersonVideoAndFrame) {
  const Identity person = make_identity(4, 2);
  const cv::Mat image = picture(person, 128), once = Processing(person, 1).apply(image, 3);
  const auto distance = [&](const cv::Mat& other) { return cv::norm(once, other, cv::NORM_INF); };
  EXPECT_EQ(distance(Processing(person, 1).apply(image, 3)), 0.0);
  EXPECT_GT(distance(Processing(person, 1).apply(image, 4)), 0.0) << "the noise of another frame";
  EXPECT_GT(distance(Processing(person, 0).apply(image, 3)), 0.0) << "another video of the person";
  EXPECT_GT(distance(Processing(make_identity(4, 3), 1).apply(image, 3)), 0.0) << "another person";
}

TEST(SynthesisProcessing, SpreadsSharpnessAlikeOverRealAndFakeVideos) {
  const cv::Mat image = picture(make_identity(4, 0), 128);
  std::vector<double> values;
  std::vector<uint8_t> fake;
  for (uint64_t number = 0; number < 150; ++number) {
    for (const uint64_t video : {0U, 3U}) {
      values.push_back(sharpness(Processing(make_identity(4, number), video).apply(image, 0)));
      fake.push_back(video > 0 ? 1 : 0);
    }
  }
  const RankedPairs pairs = ranked_pairs(values, fake);
  const double chance_error = std::sqrt(301.0 / (12.0 * 150.0 * 150.0));
  EXPECT_NEAR(pairs.right / pairs.all, 0.5, 2 * chance_error);
  const auto [least, most] = std::ranges::minmax(values);
  EXPECT_GT(most - least, std::log(1.5));
}

constexpr int kPeople = 60, kSize = 128;

/// Mean colour and sharpness of the face in the first frame of a video, as it is before the encoder: 0 is the real one.
std::vector<double> features(const Renderer& target, const Identity& source, uint64_t video) {
  const Pose pose = pose_at(target.person(), 0);
  const Frame real = target.render(pose, 0);
  cv::Mat image = real.image;
  if (video > 0) { image = HardForger(methods_of(Level::hard)[video - 1], target, source).forge(real, 0).image; }
  image = Processing(target.person(), video).apply(image, 0);
  const Head& head = target.person().head;
  const float unit = head.size * kSize;
  const cv::Rect face(static_cast<int>(head.x * kSize + (pose.x - 1.3F) * unit),
                      static_cast<int>(head.y * kSize + (pose.y - 0.85F) * unit), static_cast<int>(2.6F * unit),
                      static_cast<int>(2.6F * unit));
  const cv::Mat crop = image(face & cv::Rect(0, 0, kSize, kSize));
  const cv::Scalar mean = cv::mean(crop);
  return {mean[0] / 50, mean[1] / 50, mean[2] / 50, 3 * sharpness(crop)};
}

/// Of a linear classifier on people it has not seen: each half is scored by what the other taught.
double held_out_auc(const std::vector<FeatureRows>& halves, const std::vector<std::vector<uint8_t>>& fake) {
  RankedPairs sum;
  for (const size_t half : {0U, 1U}) {
    const Logistic classifier = fit_logistic(halves[1 - half], fake[1 - half]);
    std::vector<double> scores;
    for (const auto& row : halves[half]) { scores.push_back(classifier.score(row)); }
    const RankedPairs pairs = ranked_pairs(scores, fake[half]);
    sum.right += pairs.right;
    sum.all += pairs.all;
  }
  return sum.right / sum.all;
}

/// The figures of 300 people are in docs/results.md; so few as here show a gross leak alone.
TEST(SynthesisHardVideos, AreNotToldByMeanColourAndSharpness) {
  std::vector<FeatureRows> halves(2);
  std::vector<std::vector<uint8_t>> fake(2);
  const size_t videos = 1 + methods_of(Level::hard).size();
  for (uint64_t number = 0; number < kPeople; ++number) {
    const Renderer target(make_identity(9, number), kSize);
    const Identity source = make_identity(9, number ^ 1U);
    for (uint64_t video = 0; video < videos; ++video) {
      halves[number % 4 / 2].push_back(features(target, source, video));
      fake[number % 4 / 2].push_back(video > 0 ? 1 : 0);
    }
  }
  const double reals = kPeople, fakes = reals * static_cast<double>(videos - 1);
  const double chance_error = std::sqrt((reals + fakes + 1) / (12 * reals * fakes));
  EXPECT_NEAR(held_out_auc(halves, fake), 0.5, 2.5 * chance_error);
}

}  // namespace
}  // namespace realface::data::synthesis
