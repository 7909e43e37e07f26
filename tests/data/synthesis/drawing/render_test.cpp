#include <gtest/gtest.h>

#include <opencv2/core.hpp>

#include "data/synthesis/drawing/renderer.h"

namespace realface::data::synthesis {
namespace {

double mean_difference(const cv::Mat& a, const cv::Mat& b) {
  return cv::norm(a, b, cv::NORM_L1) / (static_cast<double>(a.total()) * a.channels());
}

cv::Mat filmed(uint64_t seed, uint64_t number, int64_t frame, int size = 128) {
  const Renderer renderer(make_identity(seed, number), size);
  return renderer.render(pose_at(renderer.person(), frame), frame).image;
}

TEST(SynthesisRenderer, DrawsTheSamePictureForTheSameKey) {
  EXPECT_EQ(cv::norm(filmed(4, 1, 9), filmed(4, 1, 9), cv::NORM_INF), 0.0);
}

TEST(SynthesisRenderer, DrawsOtherPeopleForOtherNumbersAndSeeds) {
  EXPECT_GT(mean_difference(filmed(4, 1, 9), filmed(4, 2, 9)), 10.0);
  EXPECT_GT(mean_difference(filmed(4, 1, 9), filmed(5, 1, 9)), 10.0);
}

TEST(SynthesisRenderer, AddsNoiseOfTheCameraThatChangesFromFrameToFrame) {
  Identity person = make_identity(4, 3);
  person.camera.noise = 3.0F;
  const Renderer renderer(person, 256);
  const Pose pose = pose_at(person, 0);
  const cv::Mat clean = renderer.render(pose, std::nullopt).image;
  cv::Mat noise, other;
  cv::subtract(renderer.render(pose, 0).image, clean, noise, {}, CV_32F);
  cv::subtract(renderer.render(pose, 1).image, clean, other, {}, CV_32F);
  cv::Scalar mean, deviation;
  cv::meanStdDev(noise, mean, deviation);
  EXPECT_NEAR(mean[1], 0.0, 0.1);  // no drift of the brightness
  EXPECT_NEAR(deviation[1], 3.0, 0.2);
  EXPECT_GT(deviation[0], deviation[1]);  // red and blue have noise of their own
  EXPECT_GT(mean_difference(noise, other), 2.0);
}

TEST(SynthesisRenderer, MovesSkinMoreThanTheRoom) {
  const Renderer renderer(make_identity(4, 6), 256);
  Pose pose{};
  pose.expression.eye_open = 1.0F;
  const cv::Mat rest = renderer.render(pose, std::nullopt).image;
  pose.yaw = 0.2F;
  const cv::Mat turned = renderer.render(pose, std::nullopt).image;
  const cv::Rect corner(0, 0, 40, 40), face(90, 80, 76, 90);
  EXPECT_EQ(cv::norm(rest(corner), turned(corner), cv::NORM_INF), 0.0);
  EXPECT_GT(mean_difference(rest(face), turned(face)), 4.0);
}

// What the eyes do shows at the eyes alone, and what the mouth does at mouth and chin alone.
TEST(SynthesisRenderer, KeepsExpressionsWhereTheyBelong) {
  const Identity person = make_identity(4, 8);
  const Renderer renderer(person, 256);
  Pose pose{};
  pose.expression.eye_open = 1.0F;
  const cv::Mat rest = renderer.render(pose, std::nullopt).image;
  Pose blink = pose, shout = pose;
  blink.expression.eye_open = 0.0F;
  shout.expression.mouth_open = 1.0F;
  const float unit = person.head.size * 256.0F, middle = person.head.y * 256.0F;
  const int brows = static_cast<int>(middle - 0.3F * unit), nose = static_cast<int>(middle + 0.4F * unit);
  const cv::Mat blinked = renderer.render(blink, std::nullopt).image,
                shouted = renderer.render(shout, std::nullopt).image;
  EXPECT_EQ(cv::norm(rest.rowRange(nose, 256), blinked.rowRange(nose, 256), cv::NORM_INF), 0.0);
  EXPECT_GT(cv::norm(rest.rowRange(brows, nose), blinked.rowRange(brows, nose), cv::NORM_INF), 40.0);
  EXPECT_EQ(cv::norm(rest.rowRange(0, nose), shouted.rowRange(0, nose), cv::NORM_INF), 0.0);
  EXPECT_GT(cv::norm(rest.rowRange(nose, 256), shouted.rowRange(nose, 256), cv::NORM_INF), 40.0);
}

TEST(SynthesisRenderer, GivesPlausibleExposureToEverybody) {
  for (uint64_t number = 0; number < 12; ++number) {
    const Identity person = make_identity(11, number);
    const cv::Mat image = filmed(11, number, 3);
    const int x = static_cast<int>(person.head.x * 128.0F) - 12, y = static_cast<int>(person.head.y * 128.0F) + 2;
    const cv::Scalar face = cv::mean(image(cv::Rect(x, y, 24, 20)));
    EXPECT_GT(face[0], 45.0) << number;
    EXPECT_LT(face[0], 245.0) << number;
    EXPECT_GT(face[0], face[2]) << "skin is redder than blue: " << number;
  }
}

}  // namespace
}  // namespace realface::data::synthesis
