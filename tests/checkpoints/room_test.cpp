#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <functional>

#include "base/error.h"
#include "base/telemetry.h"
#include "checkpoints/format/folder.h"
#include "distributed/self_communicator.h"
#include "tests/checkpoints/fake_state.h"

namespace realface::checkpoints {
namespace {

namespace fs = std::filesystem;
using fake::State;

/// Carries the save in flight to its end as the loop does: by asking, a step at a time.
void steps_until_settled(Saver& saver, int64_t step) {
  for (int i = 0; i < 200; ++i) {
    saver.due(step);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

class RoomTest : public testing::Test {
 protected:
  ~RoomTest() override { ::unsetenv("REALFACE_FAILPOINT"); }
  Saver saver() { return {fake::every_step(), folder_.path().string(), *self_, fake::provenance(), state_.parts()}; }

  fake::Folder folder_;
  State state_;
  std::unique_ptr<distributed::Communicator> self_ = distributed::make_self_communicator();
};

TEST_F(RoomTest, AFullDiskDoesNotEndTheRunAndTheNextSaveTriesAgain) {
  const auto lacking = telemetry::counter("checkpoint_total{result=\"no_room\"}").value();
  auto s = saver();
  state_.fill(1);
  ::setenv("REALFACE_FAILPOINT", "checkpoint.tensor:ENOSPC", 1);
  s.save(1);
  EXPECT_NO_THROW(steps_until_settled(s, 1));
  EXPECT_EQ(s.last_saved(), -1);
  EXPECT_FALSE(fs::exists(folder_.step(1).string() + ".tmp")) << "half a checkpoint fills the disk further";
  EXPECT_EQ(telemetry::counter("checkpoint_total{result=\"no_room\"}").value(), lacking + 1);
  ::unsetenv("REALFACE_FAILPOINT");
  EXPECT_TRUE(s.due(2));
  state_.fill(2);
  s.save(2);
  s.wait();
  EXPECT_EQ(s.last_saved(), 2);
}

TEST_F(RoomTest, LeavingWithoutTheLastCheckpointIsAnError) {
  auto s = saver();
  ::setenv("REALFACE_FAILPOINT", "checkpoint.manifest:ENOSPC", 1);
  s.save(1);
  try {
    s.wait();
    FAIL() << "the run would end as if it were saved";
  } catch (const CheckpointError& error) {
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos) << error.what();
  }
}

TEST_F(RoomTest, WhereRoomIsShortTheOnesToBeKeptAreKept) {
  const auto save_three = [&] {
    auto s = saver();
    for (const int64_t step : {1, 2, 3}) {
      s.save(step);
      s.wait();
    }
  };
  save_three();
  // More than any disk holds, in four bytes of memory.
  fake::FakePart huge("model.huge", {replicated("w", at::zeros({1}).expand({int64_t{1} << 52}))});
  Saver s(fake::every_step(), folder_.path().string(), *self_, fake::provenance(), {&huge});
  s.save(4);
  EXPECT_EQ(Folder(folder_.path()).steps(), (std::vector<int64_t>{3, 2, 1}));
  try {
    s.wait();
    FAIL() << "step 4 cannot have been saved";
  } catch (const CheckpointError& error) {
    EXPECT_NE(std::string(error.what()).find("MiB free; step 4 wants"), std::string::npos) << error.what();
  }
}

TEST_F(RoomTest, AFailingDiskSurfacesAtAStepAfterTheSave) {
  auto s = saver();
  ::setenv("REALFACE_FAILPOINT", "checkpoint.written:EIO", 1);
  s.save(1);
  try {
    steps_until_settled(s, 1);
    FAIL() << "the failed write was not told";
  } catch (const CheckpointError& error) {
    EXPECT_NE(std::string(error.what()).find("rank 0: "), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("Input/output error"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(Folder(folder_.path()).steps().empty());
}

/// Runs `body` in a process of its own and returns what it returned.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      code = body();
    } catch (const std::exception& error) { ADD_FAILURE() << error.what(); }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(RoomTest, AFileSizeLimitCountsAsAFullDisk) {
  const int code = in_child([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{900, 900};  // the header fits, the tensors do not
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto s = saver();
    s.save(1);
    steps_until_settled(s, 1);
    return s.last_saved() == -1 && Folder(folder_.path()).steps().empty() ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(RoomTest, AReadOnlyFolderIsNamed) {
  ::chmod(folder_.path().c_str(), 0555);
  const int code = in_child([&] {
    // Permissions do not bind root, which containers run as.
    if (::geteuid() == 0 && ::seteuid(65534) != 0) { return 2; }
    auto s = saver();
    s.save(1);
    try {
      s.wait();
    } catch (const CheckpointError& error) {
      const std::string message = error.what();
      return message.find("checkpoints/step-1.tmp] cannot be made as a folder: Permission denied") != std::string::npos
                 ? 0
                 : 3;
    }
    return 4;
  });
  ::chmod(folder_.path().c_str(), 0755);
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace realface::checkpoints
