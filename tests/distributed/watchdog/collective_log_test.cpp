#include "distributed/watchdog/collective_log.h"

#include <gtest/gtest.h>

namespace realface::distributed {
namespace {

TEST(CollectiveLog, NumbersFromOneAndFindsTheOldestPending) {
  CollectiveLog log("gradients");
  EXPECT_FALSE(log.oldest_pending());
  EXPECT_EQ(log.begin("all_reduce", 8), 1u);
  EXPECT_EQ(log.begin("barrier", 0), 2u);
  EXPECT_EQ(log.begin("broadcast", 4), 3u);
  log.end(1);
  log.end(3);
  ASSERT_TRUE(log.oldest_pending());
  EXPECT_EQ(log.oldest_pending()->text(), "barrier #2 of 0 bytes");
  EXPECT_EQ(log.last_begun(), 3u);
  log.end(2);
  EXPECT_FALSE(log.oldest_pending());
}

TEST(CollectiveLog, KeepsTheLatestAndEverythingPending) {
  CollectiveLog log("host");
  const uint64_t stuck = log.begin("barrier", 0);
  for (int i = 0; i < 500; ++i) { log.end(log.begin("all_reduce", i)); }
  EXPECT_EQ(log.oldest_pending()->sequence, stuck);
  log.end(stuck);
  for (int i = 0; i < 500; ++i) { log.end(log.begin("all_reduce", i)); }
  EXPECT_LE(log.recent().size(), CollectiveLog::kKept);
  EXPECT_EQ(log.recent().back().sequence, 1001u);
  log.end(1);  // long gone
}

}  // namespace
}  // namespace realface::distributed
