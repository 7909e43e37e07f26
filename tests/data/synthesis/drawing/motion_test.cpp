#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "data/synthesis/drawing/geometry.h"
#include "data/synthesis/drawing/motion.h"

namespace realface::data::synthesis {
namespace {

constexpr float kDegree = 3.14159265F / 180.0F;

TEST(SynthesisMotion, BlinksTalksAndTurnsWithinItsLimits) {
  for (const uint64_t number : {0U, 1U, 2U, 3U}) {
    const Identity person = make_identity(5, number);
    float shut = 1.0F, widest = 0.0F, narrowest = 1.0F, left = 1.0F, right = -1.0F;
    for (int64_t frame = 0; frame < 250; ++frame) {
      const Pose pose = pose_at(person, frame);
      ASSERT_LE(std::abs(pose.yaw), 15.0F * kDegree);
      ASSERT_LE(std::abs(pose.pitch), 8.0F * kDegree);
      ASSERT_LE(std::abs(pose.roll), 7.0F * kDegree);
      shut = std::min(shut, pose.expression.eye_open);
      widest = std::max(widest, pose.expression.mouth_open);
      narrowest = std::min(narrowest, pose.expression.mouth_open);
      left = std::min(left, pose.yaw);
      right = std::max(right, pose.yaw);
    }
    EXPECT_LT(shut, 0.4F) << "no blink in ten seconds";
    EXPECT_GT(widest, 0.5F);
    EXPECT_LT(narrowest, 0.05F);
    EXPECT_GT(right - left, 6.0F * kDegree);
  }
}

TEST(SynthesisMotion, IsSmoothInTime) {
  const Identity person = make_identity(5, 9);
  for (int64_t frame = 1; frame < 250; ++frame) {
    const Pose before = pose_at(person, frame - 1), now = pose_at(person, frame);
    ASSERT_LT(std::abs(now.yaw - before.yaw), 2.5F * kDegree);
    ASSERT_LT(std::abs(now.x - before.x), 0.02F);
    ASSERT_LT(std::abs(now.expression.mouth_open - before.expression.mouth_open), 0.75F);
  }
}

TEST(SynthesisMotion, IsOfTheFrameAndNotOfItsPredecessors) {
  const Identity person = make_identity(1, 2);
  const Pose late = pose_at(person, 77);
  for (int64_t frame = 0; frame < 77; ++frame) { pose_at(person, frame); }
  EXPECT_EQ(late.yaw, pose_at(person, 77).yaw);
  EXPECT_EQ(late.expression.eye_open, pose_at(person, 77).expression.eye_open);
}

// The far side of a turned face must not be painted twice: along a row, the place on the face grows with the screen.
TEST(SynthesisMotion, NeverFoldsTheFaceOverItself) {
  const Identity person = make_identity(2, 4);
  const Canvas canvas = face_canvas(person, 256);
  for (const float yaw : {-15.0F, 0.0F, 15.0F}) {
    for (const float pitch : {-8.0F, 8.0F}) {
      Pose pose{};
      pose.yaw = yaw * kDegree;
      pose.pitch = pitch * kDegree;
      pose.expression = {1.0F, 0.0F, 1.0F, 0.05F, 1.0F};
      const cv::Mat map = screen_to_canvas(person, canvas, pose, 256);
      // The outermost pixels repeat the last place that was computed.
      for (int y = 4; y < 252; ++y) {
        for (int x = 4; x < 252; ++x) {
          const auto here = map.at<cv::Vec2f>(y, x);
          ASSERT_GT(here[0], map.at<cv::Vec2f>(y, x - 1)[0]) << yaw << " " << pitch << " at " << x << "," << y;
          ASSERT_GT(here[1], map.at<cv::Vec2f>(y - 1, x)[1]) << yaw << " " << pitch << " at " << x << "," << y;
        }
      }
    }
  }
}

}  // namespace
}  // namespace realface::data::synthesis
