#include "base/failpoint.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace realface {
namespace {

TEST(Failpoint, AsksOnlyThePlaceThatIsNamed) {
  ::unsetenv("REALFACE_FAILPOINT");
  EXPECT_EQ(asked_failure("a.place"), std::nullopt);
  ::setenv("REALFACE_FAILPOINT", "a.place", 1);
  EXPECT_EQ(asked_failure("a.place"), "");
  EXPECT_EQ(asked_failure("a.pla"), std::nullopt);
  EXPECT_EQ(asked_failure("a.places"), std::nullopt);
  ::setenv("REALFACE_FAILPOINT", "a.place:path/with:colon", 1);
  EXPECT_EQ(asked_failure("a.place"), "path/with:colon");
  ::unsetenv("REALFACE_FAILPOINT");
}

}  // namespace
}  // namespace realface
