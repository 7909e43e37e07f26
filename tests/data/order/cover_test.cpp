#include "data/order/cover.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace realface::data {
namespace {

TEST(ClipCover, OfThirtyFramesTwoClipsOfSixteenBeginAtZeroAndFourteen) {
  const ClipCover cover{30, 16};
  ASSERT_EQ(cover.clips(), 2);
  EXPECT_EQ(cover.start(0), 0);
  EXPECT_EQ(cover.start(1), 14);
  EXPECT_EQ(cover.own(0), (std::pair<int64_t, int64_t>{0, 15}));
  EXPECT_EQ(cover.own(14), (std::pair<int64_t, int64_t>{1, 16}));
}

TEST(ClipCover, EveryFrameBelongsToTheClipInWhoseMiddleItLiesNearest) {
  for (int64_t length = 1; length <= 9; ++length) {
    for (int64_t frames = 0; frames <= 40; ++frames) {
      const ClipCover cover{frames, length};
      ASSERT_EQ(cover.clips(), frames < length ? 0 : (frames + length - 1) / length);
      std::vector<int64_t> owners(static_cast<size_t>(frames), -1);
      for (int64_t clip = 0; clip < cover.clips(); ++clip) {
        const auto [first, last] = cover.own(cover.start(clip));
        ASSERT_TRUE(0 <= first && first <= last && last <= length) << frames << " " << length;
        for (int64_t t = first; t < last; ++t) {
          auto& owner = owners[static_cast<size_t>(cover.start(clip) + t)];
          ASSERT_EQ(owner, -1) << frames << " " << length;
          owner = clip;
        }
      }
      const auto twice_away = [&](int64_t frame, int64_t clip) {
        return std::abs(2 * (frame - cover.start(clip)) - (length - 1));
      };
      for (int64_t frame = 0; frame < (cover.clips() > 0 ? frames : 0); ++frame) {
        const auto owner = owners[static_cast<size_t>(frame)];
        ASSERT_GE(owner, 0) << frames << " " << length;
        for (int64_t clip = 0; clip < cover.clips(); ++clip) {
          ASSERT_LE(twice_away(frame, owner), twice_away(frame, clip)) << frames << " " << length << " " << frame;
        }
      }
    }
  }
}

}  // namespace
}  // namespace realface::data
