#include "data/synthesis/forgery/hard_manipulation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/synthesis/forgery/manipulation.h"

namespace realface::data::synthesis {
namespace {

constexpr int kSharpnessFrame = 192;

class SynthesisHardForgery : public testing::TestWithParam<Method> {
 protected:
  static constexpr int kSize = 192;
  Renderer target_{make_identity(21, 0), kSize};
  Identity source_ = make_identity(21, 1);

  Frame original(int64_t frame) const { return target_.render(pose_at(target_.person(), frame), frame); }
};

TEST_P(SynthesisHardForgery, LeavesEveryPixelOutsideTheMaskAlone) {
  const HardForger forger(GetParam(), target_, source_);
  for (const int64_t frame : {0, 5, 31, 140}) {
    const Frame real = original(frame);
    const Forgery forged = forger.forge(real, frame);
    const int white = cv::countNonZero(forged.mask == 255), black = cv::countNonZero(forged.mask == 0);
    EXPECT_EQ(white + black, static_cast<int>(forged.mask.total()));
    EXPECT_EQ(cv::norm(real.image, forged.image, cv::NORM_INF, forged.mask == 0), 0.0) << frame;
  }
}

TEST_P(SynthesisHardForgery, ChangesMostOfWhatTheMaskCovers) {
  const Frame real = original(12);
  const Forgery forged = HardForger(GetParam(), target_, source_).forge(real, 12);
  cv::Mat difference, changed;
  cv::absdiff(real.image, forged.image, difference);
  cv::transform(difference, changed, cv::Matx13f(1.0F, 1.0F, 1.0F));
  const double share = cv::countNonZero(forged.mask) / static_cast<double>(forged.mask.total());
  EXPECT_GT(share, 0.03);
  EXPECT_LT(share, 0.3);
  EXPECT_GT(cv::countNonZero(changed > 0), 0.75 * cv::countNonZero(forged.mask));
}

TEST_P(SynthesisHardForgery, HasNoEdgeWhereItsCoverEnds) {
  const Frame real = original(9);
  const Forgery forged = HardForger(GetParam(), target_, source_).forge(real, 9);
  cv::Mat inner, difference;
  cv::erode(forged.mask, inner, cv::Mat::ones(3, 3, CV_8U));
  cv::absdiff(real.image, forged.image, difference);
  const cv::Scalar rim = cv::mean(difference, forged.mask & ~inner), all = cv::mean(difference, forged.mask);
  EXPECT_LT(rim[0] + rim[1] + rim[2], 0.4 * (all[0] + all[1] + all[2]));
}

/// Mean colour in levels and mean height of the finest detail, inside the mask.
cv::Scalar measures(const cv::Mat& image, const cv::Mat& mask) {
  cv::Mat blurred, detail;
  cv::GaussianBlur(image, blurred, {}, 1.0);
  cv::absdiff(image, blurred, detail);
  cv::Scalar found = cv::mean(image, mask);
  const cv::Scalar fine = cv::mean(detail, mask);
  found[3] = (fine[0] + fine[1] + fine[2]) / 3;
  return found;
}

TEST_P(SynthesisHardForgery, KeepsTheColourAndTheSharpnessOfTheOriginal) {
  const Frame real = original(7);
  const Forgery forged = HardForger(GetParam(), target_, source_).forge(real, 7);
  const cv::Scalar before = measures(real.image, forged.mask), after = measures(forged.image, forged.mask);
  for (int c = 0; c < 3; ++c) { EXPECT_NEAR(after[c], before[c], 2.5) << "channel " << c; }
  EXPECT_NEAR(after[3] / before[3], 1.0, 0.15) << "detail";
}

/// How sharp a face is as a detector sees it, in a crop of 64 pixels: the logarithm of its Laplacian's variance.
double sharpness_of_crop(const cv::Mat& image) {
  constexpr int kBegin = kSharpnessFrame / 4, kSide = kSharpnessFrame / 2;
  cv::Mat grey, small, detail;
  cv::cvtColor(image(cv::Rect(kBegin, kBegin, kSide, kSide)), grey, cv::COLOR_RGB2GRAY);
  cv::resize(grey, small, {64, 64}, 0, 0, cv::INTER_AREA);
  cv::Laplacian(small, detail, CV_64F);
  cv::Scalar mean, deviation;
  cv::meanStdDev(detail, mean, deviation);
  return 2.0 * std::log(deviation[0]);
}

TEST_P(SynthesisHardForgery, IsOnAverageAsSharpAsTheOriginal) {
  constexpr int kPeople = 24;
  double more = 0;
  for (uint64_t person = 0; person < kPeople; ++person) {
    const Renderer target(make_identity(33, person), kSharpnessFrame);
    const Frame real = target.render(pose_at(target.person(), 3), 3);
    const Forgery forged = HardForger(GetParam(), target, make_identity(33, person + 1)).forge(real, 3);
    more += (sharpness_of_crop(forged.image) - sharpness_of_crop(real.image)) / kPeople;
  }
  // Over videos it spreads by 0.5, so 0.1 is an AUC of 0.55; so few people leave 0.05 to chance.
  EXPECT_NEAR(more, 0.0, 0.15);
}

TEST_P(SynthesisHardForgery, IsTheSameForTheSameKey) {
  const Forgery once = HardForger(GetParam(), target_, source_).forge(original(8), 8);
  const Forgery again = HardForger(GetParam(), target_, source_).forge(original(8), 8);
  EXPECT_EQ(cv::norm(once.image, again.image, cv::NORM_INF), 0.0);
  EXPECT_EQ(cv::norm(once.mask, again.mask, cv::NORM_INF), 0.0);
}

INSTANTIATE_TEST_SUITE_P(EveryMethod, SynthesisHardForgery,
                         testing::ValuesIn(methods_of(Level::hard).begin(), methods_of(Level::hard).end()),
                         [](const auto& method) { return method_name(method.param); });

TEST(SynthesisLevels, HaveFourAndSixMethods) {
  EXPECT_EQ(methods_of(Level::easy).size(), 4U);
  EXPECT_EQ(methods_of(Level::hard).size(), 6U);
  for (const Method method : methods_of(Level::hard)) { EXPECT_EQ(method_of(method_name(method)), method); }
}

TEST(SynthesisLevels, AreNamedAndNoOtherIsKnown) {
  for (const Level level : {Level::easy, Level::hard}) { EXPECT_EQ(level_of(level_name(level)), level); }
  try {
    level_of("medium");
    FAIL() << "an unknown level was accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("unknown level \"medium\"; there are easy and hard"), std::string::npos)
        << error.what();
  }
}

TEST(SynthesisLevels, DrawOtherForgeriesOfTheSameName) {
  const Renderer target(make_identity(21, 4), 192);
  const Identity source = make_identity(21, 5);
  const Frame real = target.render(pose_at(target.person(), 0), 0);
  for (const Method method : methods_of(Level::easy)) {
    const Forgery easy = Forger(method, target, source).forge(real, 0);
    const Forgery hard = HardForger(method, target, source).forge(real, 0);
    EXPECT_GT(cv::norm(easy.image, hard.image, cv::NORM_INF), 0.0) << method_name(method);
  }
  EXPECT_THROW(Forger(Method::lip_sync, target, source), UsageError);
}

}  // namespace
}  // namespace realface::data::synthesis
