#include "distributed/joining/backend.h"

#include <gmock/gmock.h>

#include "base/error.h"

namespace realface::distributed {
namespace {

TEST(BackendOf, SeveralRanksUseNcclOnGpusAndMpiOnCpus) {
  EXPECT_EQ(backend_of(2, true, "auto"), Backend::nccl);
  EXPECT_EQ(backend_of(2, false, "auto"), Backend::mpi);
  EXPECT_EQ(backend_of(2, true, "always"), Backend::nccl);
}

TEST(BackendOf, OneRankUsesNcclOnlyIfAsked) {
  EXPECT_EQ(backend_of(1, true, "auto"), Backend::self);
  EXPECT_EQ(backend_of(1, false, "auto"), Backend::self);
  EXPECT_EQ(backend_of(1, true, "always"), Backend::nccl);
}

TEST(BackendOf, NcclWithoutAGpuIsAnErrorThatNamesTheKey) {
  for (const int ranks : {1, 2}) {
    try {
      backend_of(ranks, false, "always");
      FAIL() << "NCCL without a GPU";
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("world.nccl is always, but this run computes on the CPU"));
    }
  }
}

}  // namespace
}  // namespace realface::distributed
