// The world from inside, under mpirun.

#include "distributed/world.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "distributed/agreement.h"
#include "tests/mpi_world.h"

namespace realface::distributed {
namespace {

using realface::testing::mpi_world;

TEST(World, RanksAreDistinctAndCountUp) {
  auto& world = mpi_world();
  const auto ranks = torch::zeros({world.size()}, torch::kInt64);
  world.host_group().all_gather(ranks, torch::full({1}, world.rank(), torch::kInt64))->wait();
  EXPECT_TRUE(torch::equal(ranks, torch::arange(world.size())));
  EXPECT_LT(world.local_rank(), world.local_size());
  EXPECT_LE(world.local_size(), world.size());
}

TEST(World, SetsTheThreadsThatWereAskedFor) {
  EXPECT_EQ(mpi_world().threads(), 1);
  EXPECT_EQ(at::get_num_threads(), 1);
  EXPECT_EQ(at::get_num_interop_threads(), 1);
}

TEST(World, AloneItNeedsNoMessages) {
  auto& world = mpi_world();
  const std::string alone = world.device().is_cuda() ? "nccl" : "self";  // tests/mpi_main.cpp asks for it always
  const std::string many = world.device().is_cuda() ? "nccl" : "mpi";
  EXPECT_EQ(world.group().backend(), world.size() == 1 ? alone : many);
}

TEST(World, BannerNamesRanksHostLibrariesAndThreads) {
  auto& world = mpi_world();
  const std::string banner = world.banner();
  for (const std::string& part : {std::to_string(world.size()) + " rank", world.host(), std::string("libtorch 2.11.0"),
                                  std::string("Open MPI"), std::string("1 threads"), std::string("mkl")}) {
    EXPECT_NE(banner.find(part), std::string::npos) << part << " is not in:\n" << banner;
  }
  EXPECT_EQ(broadcast_string(world.host_group(), banner), banner) << "every rank has the same";
}

TEST(World, ASecondOneIsRefused) {
  try {
    (void)World::join({});
    FAIL() << "joined twice";
  } catch (const Error& error) { EXPECT_NE(std::string(error.what()).find("before"), std::string::npos); }
}

}  // namespace
}  // namespace realface::distributed
