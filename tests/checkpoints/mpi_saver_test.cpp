#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/saver.h"
#include "distributed/agreement.h"
#include "tests/checkpoints/fake_state.h"
#include "tests/mpi_world.h"

namespace realface::checkpoints {
namespace {

using fake::State;

/// A folder that all ranks share and rank 0 removes.
class SharedFolder {
 public:
  explicit SharedFolder(distributed::Communicator& group) : group_(group) {
    if (group.rank() == 0) { mine_.emplace(); }
    path_ = distributed::broadcast_string(group, mine_ ? mine_->path().string() : "");
  }
  ~SharedFolder() { group_.barrier()->wait(); }
  const std::string& path() const { return path_; }

 private:
  distributed::Communicator& group_;
  std::optional<fake::Folder> mine_;
  std::string path_;
};

class MpiSaverTest : public ::testing::Test {
 protected:
  ~MpiSaverTest() override { ::unsetenv("REALFACE_FAILPOINT"); }

  distributed::Communicator& group_ = testing::mpi_world().host_group();
  SharedFolder folder_{group_};
  int last_ = group_.size() - 1;
};

TEST_F(MpiSaverTest, RestoresOnEveryRankWhatAllSaved) {
  State saved(group_.rank(), group_.size());
  saved.fill(4);
  Saver first(fake::every_step(), folder_.path(), group_, fake::provenance(), saved.parts());
  first.save(4);
  saved.fill(5);
  first.wait();
  State live(group_.rank(), group_.size());
  Saver second(fake::every_step(), folder_.path(), group_, fake::provenance(), live.parts());
  EXPECT_EQ(second.resume_latest(), 4);
  EXPECT_TRUE(live.is(4));
}

TEST_F(MpiSaverTest, AFailedWriteOfOneRankIsToldToAllAndNobodyHangs) {
  State state(group_.rank(), group_.size());
  Saver saver(fake::every_step(), folder_.path(), group_, fake::provenance(), state.parts());
  // The others are asked several times before they are done: the early failure must not be forgotten.
  ::setenv("REALFACE_FAILPOINT", group_.rank() == last_ ? "checkpoint.tensor:EIO" : "checkpoint.written:SLEEP", 1);
  saver.save(1);
  try {
    saver.wait();
    ADD_FAILURE() << "rank " << group_.rank() << " did not hear of the failure";
  } catch (const CheckpointError& error) {
    const std::string who = "rank " + std::to_string(last_) + ": ";
    EXPECT_NE(std::string(error.what()).find(who), std::string::npos) << error.what();
  }
  ::unsetenv("REALFACE_FAILPOINT");
  state.fill(2);
  saver.save(2);
  saver.wait();
  EXPECT_EQ(Folder(folder_.path()).steps(), std::vector<int64_t>{2});
}

TEST_F(MpiSaverTest, AFullDiskOfOneRankLetsAllGoOn) {
  State state(group_.rank(), group_.size());
  Saver saver(fake::every_step(), folder_.path(), group_, fake::provenance(), state.parts());
  if (group_.rank() == last_) { ::setenv("REALFACE_FAILPOINT", "checkpoint.tensor:ENOSPC", 1); }
  saver.save(1);
  saver.save(2);  // waits for the first, which fails on one rank
  EXPECT_THROW(saver.wait(), CheckpointError);
  ::unsetenv("REALFACE_FAILPOINT");
  saver.save(3);
  saver.wait();
  EXPECT_EQ(saver.last_saved(), 3);
}

TEST_F(MpiSaverTest, AStateThatOneRankCannotSaveIsAnErrorOfAll) {
  State state(group_.rank(), group_.size());
  const auto odd = at::zeros({2}, group_.rank() == last_ ? torch::kComplexFloat : torch::kFloat);
  fake::FakePart part("model.odd", {replicated("w", odd), replicated("v", at::zeros({64}))});
  Saver saver(fake::every_step(), folder_.path(), group_, fake::provenance(), {&part});
  EXPECT_THROW(
      {
        saver.save(1);
        saver.wait();
      },
      Error);
}

TEST_F(MpiSaverTest, AFileThatOneRankFindsDamagedSendsAllToTheCheckpointBefore) {
  State state(group_.rank(), group_.size());
  Saver saver(fake::every_step(), folder_.path(), group_, fake::provenance(), state.parts());
  for (const int64_t step : {1, 2}) {
    state.fill(step);
    saver.save(step);
    saver.wait();
  }
  const auto file = Folder(folder_.path()).step(2) / ("rank-000" + std::to_string(last_) + ".safetensors");
  if (group_.rank() == 0) { fake::flip(file, std::filesystem::file_size(file) - 1); }
  group_.barrier()->wait();
  EXPECT_EQ(saver.resume_latest(), 1);
  EXPECT_TRUE(state.is(1));
}

}  // namespace
}  // namespace realface::checkpoints
