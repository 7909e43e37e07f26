#include "data/preprocess/people.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace realface::data::preprocess {
namespace {

constexpr int kSide = 64;

Frame frame_of(int32_t index, uint8_t grey) {
  Frame frame;
  frame.picture = make_picture(kSide, kSide);
  std::ranges::fill(frame.picture.pixels, grey);
  frame.index = index;
  frame.pts_us = 40000 * index;
  return frame;
}

Face face_at(float x, float y) {
  Face face;
  face.box = {x, y, x + 10, y + 10};
  return face;
}

class PeopleTest : public ::testing::Test {
 protected:
  People people(size_t window) {
    return People({.size = 16, .margin = 1.0}, window, [this](Appearance one) { found_.push_back(std::move(one)); });
  }
  std::vector<Appearance> found_;
};

TEST_F(PeopleTest, AreFollowedFromWindowToWindow) {
  auto followed = people(2);
  for (int32_t i = 0; i < 5; ++i) {
    const auto shift = static_cast<float>(i);
    followed.look(frame_of(i, static_cast<uint8_t>(50 * i)), {face_at(40, 40 + shift), face_at(5 + shift, 5)});
  }
  EXPECT_EQ(found_.size(), 4U);
  followed.finish();
  ASSERT_EQ(found_.size(), 6U);
  for (size_t i = 0; i < found_.size(); ++i) { EXPECT_EQ(found_[i].person, static_cast<int64_t>(i % 2)); }
  EXPECT_EQ(found_[2].frames, (std::vector<int32_t>{2, 3}));
  EXPECT_EQ(found_[2].times_us, (std::vector<int64_t>{80000, 120000}));
  EXPECT_EQ(found_[3].boxes[0].left, 7);
  EXPECT_EQ(followed.seen(), 2);
}

TEST_F(PeopleTest, CropsAreOfTheirFrames) {
  auto followed = people(4);
  for (int32_t i = 0; i < 3; ++i) { followed.look(frame_of(i, static_cast<uint8_t>(40 + 20 * i)), {face_at(20, 20)}); }
  followed.finish();
  ASSERT_EQ(found_.size(), 1U);
  ASSERT_EQ(found_[0].crops.size(), 3U * 16 * 16 * 3);
  for (size_t t = 0; t < 3; ++t) {
    const auto* pixels = &found_[0].crops[t * 16 * 16 * 3];
    EXPECT_TRUE(std::all_of(pixels, pixels + 16 * 16 * 3, [&](uint8_t one) { return one == 40 + 20 * t; })) << t;
  }
}

TEST_F(PeopleTest, AreCutOutAlignedWhereAsked) {
  Face face = face_at(20, 20);
  for (size_t i = 0; i < 68; ++i) {  // some face, all points apart
    face.landmarks[2 * i] = 20 + static_cast<float>(i % 10);
    face.landmarks[2 * i + 1] = 18 + static_cast<float>(i) / 6;
  }
  const CropPolicy policy{.size = 16, .margin = 1.0, .crop = "frame", .align = "similarity"};
  People followed(policy, 4, [this](Appearance one) { found_.push_back(std::move(one)); });
  followed.look(frame_of(0, 40), {face});
  followed.finish();
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].to_crop, std::vector{Placer(policy, {face}).place(face).to_crop});
  EXPECT_NE(found_[0].to_crop[0][1], 0);
}

TEST_F(PeopleTest, AFrameWithoutAPersonIsLeftOut) {
  auto followed = people(10);
  for (int32_t i = 0; i < 4; ++i) {
    followed.look(frame_of(i, 9), i == 1 ? std::vector<Face>{} : std::vector<Face>{face_at(20, 20)});
  }
  followed.finish();
  ASSERT_EQ(found_.size(), 1U);
  EXPECT_EQ(found_[0].frames, (std::vector<int32_t>{0, 2, 3}));
}

TEST_F(PeopleTest, AFaceElsewhereAndOneMuchLaterAreOthers) {
  auto followed = people(100);
  followed.look(frame_of(0, 9), {face_at(5, 5)});
  followed.look(frame_of(1, 9), {face_at(40, 40)});
  for (int32_t i = 2; i < 40; ++i) { followed.look(frame_of(i, 9), {}); }
  followed.look(frame_of(40, 9), {face_at(5, 5)});
  followed.finish();
  EXPECT_EQ(followed.seen(), 3);
  ASSERT_EQ(found_.size(), 3U);
}

TEST_F(PeopleTest, NobodyIsHandedOverOfAnEmptyVideo) {
  auto followed = people(3);
  for (int32_t i = 0; i < 7; ++i) { followed.look(frame_of(i, 9), {}); }
  followed.finish();
  EXPECT_TRUE(found_.empty());
}

}  // namespace
}  // namespace realface::data::preprocess
