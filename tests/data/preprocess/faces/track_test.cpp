#include "data/preprocess/faces/track.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace realface::data::preprocess {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Face face(float x, float y, float side) { return {{x, y, x + side, y + side}, 1, {}}; }

TEST(ChooseTrack, FollowsOnePersonThoughAnotherIsLargerForAWhile) {
  std::vector<std::vector<Face>> frames;
  for (int t = 0; t < 6; ++t) {
    const auto step = static_cast<float>(5 * t);
    frames.push_back({face(100 + step, 50, 60)});
    if (t == 3) { frames.back().insert(frames.back().begin(), face(400, 50, 80)); }
  }
  EXPECT_THAT(choose_track(frames), ElementsAre(0, 0, 0, 1, 0, 0));
}

TEST(ChooseTrack, TakesTheLargestFaceOfASinglePicture) {
  EXPECT_THAT(choose_track({{face(0, 0, 40), face(100, 0, 70), face(300, 0, 50)}}), ElementsAre(1));
}

TEST(ChooseTrack, TakesWhomTheMasksCoverThoughAnotherIsLarger) {
  const std::vector<std::vector<Face>> frames = {{face(0, 0, 90), face(200, 0, 50)},
                                                 {face(200, 0, 50), face(0, 0, 90)}};
  EXPECT_THAT(choose_track(frames), ElementsAre(0, 1));
  EXPECT_THAT(choose_track(frames, {{0.0, 0.9}, {0.8, 0.1}}), ElementsAre(1, 0));
  EXPECT_THAT(choose_track(frames, {{0.0, 0.0}, {0.0, 0.0}}), ElementsAre(0, 1));  // a mask that covers nobody
}

TEST(ChooseTrack, GoesOnAfterAGap) {
  EXPECT_THAT(choose_track({{face(0, 0, 50)}, {}, {}, {face(8, 0, 50)}}), ElementsAre(0, -1, -1, 0));
}

TEST(ChooseTrack, DoesNotJoinTheTwoSidesOfACut) {
  EXPECT_THAT(choose_track({{face(0, 0, 50)}, {face(0, 0, 50)}, {face(300, 0, 50)}}), ElementsAre(0, 0, -1));
}

TEST(ChooseTrack, FindsNobodyWhereThereAreNoFaces) { EXPECT_THAT(choose_track({{}, {}}), ElementsAre(-1, -1)); }

TEST(NearestFound, TakesTheEarlierOfTwoEquallyNear) {
  EXPECT_THAT(nearest_found({-1, 0, -1, 0, -1, -1}), ElementsAre(1, 1, 1, 3, 3, 3));
  EXPECT_THAT(nearest_found({-1, -1}), IsEmpty());
}

TEST(SearchScale, FollowsTheLongerSide) {
  EXPECT_EQ(search_scale(299), 2.0);
  EXPECT_EQ(search_scale(300), 1.0);
  EXPECT_EQ(search_scale(1000), 1.0);
  EXPECT_EQ(search_scale(1280), 0.5);
  EXPECT_EQ(search_scale(1920), 0.33);
}

}  // namespace
}  // namespace realface::data::preprocess
