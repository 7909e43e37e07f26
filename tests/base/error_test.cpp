#include "base/error.h"

#include <gtest/gtest.h>

namespace realface {
namespace {

TEST(Nearest, FindsTheWordThatWasMeant) {
  const std::vector<std::string> valid{"train.steps", "train.batch", "checkpoint.every"};
  EXPECT_EQ(nearest("train.step", valid), "train.steps");
  EXPECT_EQ(nearest("trian.batch", valid), "train.batch");
}

TEST(Nearest, StaysSilentWhenNothingIsNear) { EXPECT_EQ(nearest("xyz", {"train.steps", "checkpoint.every"}), ""); }

TEST(Error, CarriesThePublishedExitCode) {
  EXPECT_EQ(static_cast<int>(ConfigError("x").exit_code()), 78);
  EXPECT_EQ(static_cast<int>(UsageError("x").exit_code()), 64);
  EXPECT_EQ(static_cast<int>(Error("x").exit_code()), 1);
}

}  // namespace
}  // namespace realface
