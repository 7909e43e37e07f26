#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "base/error.h"
#include "data/synthesis/forgery/manipulation.h"

namespace realface::data::synthesis {
namespace {

class SynthesisForgery : public testing::TestWithParam<Method> {
 protected:
  static constexpr int kSize = 192;
  Renderer target_{make_identity(21, 0), kSize};
  Identity source_ = make_identity(21, 1);

  Frame original(int64_t frame) const { return target_.render(pose_at(target_.person(), frame), frame); }
};

TEST_P(SynthesisForgery, LeavesEveryPixelOutsideTheMaskAlone) {
  const Forger forger(GetParam(), target_, source_);
  for (const int64_t frame : {0, 5, 31, 140}) {
    const Frame real = original(frame);
    const Forgery forged = forger.forge(real, frame);
    cv::Mat outside;
    cv::compare(forged.mask, 0, outside, cv::CMP_EQ);
    EXPECT_EQ(cv::norm(real.image, forged.image, cv::NORM_INF, outside), 0.0) << frame;
  }
}

TEST_P(SynthesisForgery, ChangesMostOfWhatTheMaskCovers) {
  const Forger forger(GetParam(), target_, source_);
  const Frame real = original(12);
  const Forgery forged = forger.forge(real, 12);
  cv::Mat difference, changed;
  cv::absdiff(real.image, forged.image, difference);
  cv::transform(difference, changed, cv::Matx13f(1.0F, 1.0F, 1.0F));
  cv::compare(changed, 0, changed, cv::CMP_GT);
  const double share = cv::countNonZero(forged.mask) / static_cast<double>(forged.mask.total());
  EXPECT_GT(share, 0.03);
  EXPECT_LT(share, 0.3);
  EXPECT_GT(cv::countNonZero(changed), 0.8 * cv::countNonZero(forged.mask));
}

TEST_P(SynthesisForgery, HasAMaskOfTwoValues) {
  const Forgery forged = Forger(GetParam(), target_, source_).forge(original(3), 3);
  const int white = cv::countNonZero(forged.mask == 255), black = cv::countNonZero(forged.mask == 0);
  EXPECT_EQ(white + black, static_cast<int>(forged.mask.total()));
}

TEST_P(SynthesisForgery, IsTheSameForTheSameKey) {
  const Forgery once = Forger(GetParam(), target_, source_).forge(original(8), 8);
  const Forgery again = Forger(GetParam(), target_, source_).forge(original(8), 8);
  EXPECT_EQ(cv::norm(once.image, again.image, cv::NORM_INF), 0.0);
  EXPECT_EQ(cv::norm(once.mask, again.mask, cv::NORM_INF), 0.0);
}

TEST_P(SynthesisForgery, FollowsTheHead) {
  const Forger forger(GetParam(), target_, source_);
  Frame real = original(0);
  Pose pose = pose_at(target_.person(), 0);
  pose.x += 0.5F;  // half a face to the right
  const Frame moved = target_.render(pose, 0);
  const auto middle = [](const cv::Mat& mask) {
    cv::Mat columns;
    cv::reduce(mask, columns, 0, cv::REDUCE_SUM, CV_64F);
    double sum = 0.0, weighted = 0.0;
    for (int x = 0; x < columns.cols; ++x) {
      sum += columns.at<double>(x);
      weighted += x * columns.at<double>(x);
    }
    return weighted / sum;
  };
  const double shift = middle(forger.forge(moved, 0).mask) - middle(forger.forge(real, 0).mask);
  EXPECT_NEAR(shift, 0.5 * static_cast<double>(target_.person().head.size) * kSize, 1.5);
}

INSTANTIATE_TEST_SUITE_P(EveryMethod, SynthesisForgery,
                         testing::ValuesIn(methods_of(Level::easy).begin(), methods_of(Level::easy).end()),
                         [](const auto& method) { return method_name(method.param); });

TEST(SynthesisForgeryKinds, MatchTheColoursOfDeepfakesButNotOfFaceSwap) {
  const Renderer target(make_identity(21, 2), 192);
  const Identity source = make_identity(21, 3);
  const Frame real = target.render(pose_at(target.person(), 0), 0);
  const auto off = [&](Method method) {
    const Forgery forged = Forger(method, target, source).forge(real, 0);
    return cv::norm(cv::mean(forged.image, forged.mask) - cv::mean(real.image, forged.mask));
  };
  EXPECT_LT(off(Method::deepfakes), 6.0);
  EXPECT_GT(off(Method::faceswap), 12.0);
}

TEST(SynthesisForgeryKinds, RoundTripTheirNamesAndGuessATypo) {
  for (const Method method : methods_of(Level::easy)) { EXPECT_EQ(method_of(method_name(method)), method); }
  try {
    method_of("FaceSwop");
    FAIL() << "an unknown method was accepted";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean FaceSwap"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace realface::data::synthesis
