#include <gtest/gtest.h>

#include "launcher/progress.h"

namespace realface::launcher {
namespace {

TEST(ProgressText, GivesShareRateAndTimeLeft) {
  EXPECT_EQ(progress_text("videos", 30, 60, 15), "[############............]  50 %  30/60 videos  2.0/s  15 s left");
  EXPECT_EQ(progress_text("videos", 60, 60, 65),
            "[########################] 100 %  60/60 videos  0.9/s  took 1 min 05 s");
}

TEST(ProgressText, SurvivesNothingToDo) {
  EXPECT_EQ(progress_text("videos", 0, 0, 0), "[########################] 100 %  0/0 videos  0.0/s  took 0 s");
}

TEST(DurationText, UsesTheTwoLargestUnits) {
  EXPECT_EQ(duration_text(12.4), "12 s");
  EXPECT_EQ(duration_text(3599), "59 min 59 s");
  EXPECT_EQ(duration_text(3725), "1 h 02 min");
}

}  // namespace
}  // namespace realface::launcher
