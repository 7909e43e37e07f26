#include "distributed/mpi/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace realface::distributed {
namespace {

TEST(MpiSession, FewerThreadsThanMultipleAreRefused) {
  EXPECT_NO_THROW(check_thread_level(3, 3, "Some MPI"));
  try {
    check_thread_level(2, 3, "Some MPI");
    FAIL() << "level 2 was accepted";
  } catch (const Error& error) { EXPECT_THAT(error.what(), ::testing::HasSubstr("MPI_THREAD_MULTIPLE")); }
}

}  // namespace
}  // namespace realface::distributed
