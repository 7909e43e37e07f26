// Ranks may see different states of a shared folder: here each has a folder of its own.

#include <gtest/gtest.h>

#include "base/error.h"
#include "configs/load.h"
#include "configs/run_folder.h"
#include "tests/configs/scratch.h"
#include "tests/mpi_world.h"

namespace realface::configs {
namespace {

class SharedRunFolder : public Scratch {
 protected:
  Config config() {
    return load({write("a.yaml", "train: {steps: 10}\n"), {"run.dir=" + (folder_ / "run").string(), "data.shards=s"}});
  }
  void finish_on(int rank) {
    std::filesystem::create_directories(folder_ / "run");
    if (world_.rank() == rank) { mark_finished(config(), "test"); }
  }

  distributed::World& world_ = realface::testing::mpi_world();
};

TEST_F(SharedRunFolder, IsFinishedForAllRanksIfItIsForTheFirst) {
  EXPECT_FALSE(is_finished(config(), world_.host_group()));
  finish_on(0);
  EXPECT_TRUE(is_finished(config(), world_.host_group()));
}

TEST_F(SharedRunFolder, IsUnfinishedForAllRanksIfItIsForTheFirst) {
  finish_on(world_.size() - 1);
  EXPECT_EQ(is_finished(config(), world_.host_group()), world_.size() == 1);
}

// A directory in place of the note: reading it fails on the first rank, and all ranks learn of it.
TEST_F(SharedRunFolder, ThatTheFirstRankCannotReadIsAnErrorOfAll) {
  if (world_.rank() == 0) { std::filesystem::create_directories(folder_ / "run" / "finished.json"); }
  EXPECT_THROW(is_finished(config(), world_.host_group()), Error);
}

}  // namespace
}  // namespace realface::configs
