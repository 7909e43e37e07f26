#include "distributed/agreement.h"

#include <gtest/gtest.h>

#include "distributed/failure.h"
#include "tests/mpi_world.h"

namespace realface::distributed {
namespace {

using realface::testing::mpi_world;

template <class Body>
std::string message_of(const Body& body) {
  try {
    body();
  } catch (const std::exception& error) { return error.what(); }
  return "";
}

TEST(Agree, PassesWhereNoRankFails) {
  int runs = 0;
  agree(mpi_world().host_group(), "test", [&] { ++runs; });
  EXPECT_EQ(runs, 1);
}

TEST(Agree, TheErrorOfOneRankBecomesEverybodys) {
  auto& world = mpi_world();
  const int failing = world.size() - 1;
  const auto work = [&] {
    agree(world.host_group(), "shards", [&] {
      if (world.rank() == failing) { throw DataError("[data] the disk is full", ExitCode::config); }
    });
  };
  if (world.rank() == failing) {
    EXPECT_THROW(work(), DataError);
    return;
  }
  try {
    work();
    FAIL() << "rank " << failing << " failed alone";
  } catch (const PeerError& error) {
    EXPECT_EQ(std::string(error.what()),
              "[shards] rank " + std::to_string(failing) + " failed: [data] the disk is full");
    EXPECT_EQ(error.exit_code(), ExitCode::config);
  }
}

TEST(Agree, TheSameErrorOfAllRanksIsReportedByOne) {
  auto& world = mpi_world();
  const auto work = [&] { agree(world.host_group(), "test", [] { throw ConfigError("[config] a typo"); }); };
  if (world.rank() == 0) {
    EXPECT_THROW(work(), ConfigError);
  } else {
    EXPECT_THROW(work(), PeerError);
  }
}

TEST(Agree, DifferentErrorsKeepTheirRanks) {
  auto& world = mpi_world();
  const std::string mine = "error of rank " + std::to_string(world.rank());
  EXPECT_EQ(message_of([&] { agree(world.host_group(), "test", [&] { throw Error(mine); }); }), mine);
}

TEST(Agree, TheGroupWorksOnAfterAnError) {
  auto& world = mpi_world();
  EXPECT_ANY_THROW(agree(world.host_group(), "test", [] { throw 7; }));
  EXPECT_FALSE(any(world.host_group(), false));
}

TEST(GatherStrings, KeepsRankOrderEmptyTextsAndZeroBytes) {
  auto& world = mpi_world();
  const std::string mine =
      world.rank() == 0 ? "" : std::string("a\0b", 3) + std::string(size_t(world.rank()) * 1000, 'x');
  const auto all = gather_strings(world.host_group(), mine);
  ASSERT_EQ(all.size(), size_t(world.size()));
  EXPECT_EQ(all[0], "");
  for (size_t rank = 1; rank < all.size(); ++rank) {
    EXPECT_EQ(all[rank], std::string("a\0b", 3) + std::string(rank * 1000, 'x'));
  }
}

TEST(BroadcastString, GivesEveryRankTheRoots) {
  auto& world = mpi_world();
  const int root = world.size() - 1;
  EXPECT_EQ(broadcast_string(world.host_group(), world.rank() == root ? "spoken" : "ignored and longer", root),
            "spoken");
  EXPECT_EQ(broadcast_string(world.host_group(), "", 0), "");
}

TEST(Any, IsTrueWhereOneRankSaysSo) {
  auto& world = mpi_world();
  EXPECT_TRUE(any(world.host_group(), world.rank() == world.size() - 1));
  EXPECT_FALSE(any(world.host_group(), false));
}

}  // namespace
}  // namespace realface::distributed
