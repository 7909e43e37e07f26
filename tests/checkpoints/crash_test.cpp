#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "checkpoints/format/folder.h"
#include "checkpoints/verify.h"
#include "distributed/self_communicator.h"
#include "tests/checkpoints/fake_state.h"

namespace realface::checkpoints {
namespace {

/// A place in the protocol, and whether the new checkpoint exists when the process dies there.
struct Place {
  const char* name;
  bool committed;
};

void PrintTo(const Place& place, std::ostream* out) { *out << place.name; }

class KilledAt : public testing::TestWithParam<Place> {};

/// Saves steps first..last, each filled with its number; dies or returns.
void save_steps(const fake::Folder& folder, int64_t first, int64_t last) {
  const auto self = distributed::make_self_communicator();
  fake::State state;
  Saver saver(fake::every_step(2), folder.path().string(), *self, fake::provenance(), state.parts());
  for (int64_t step = first; step <= last; ++step) {
    state.fill(step);
    saver.save(step);
    saver.wait();
  }
}

TEST_P(KilledAt, LeavesTheOldOrTheNewCheckpointWhole) {
  const fake::Folder folder;
  save_steps(folder, 1, 2);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::setenv("REALFACE_FAILPOINT", GetParam().name, 1);
    save_steps(folder, 3, 3);
    ::_exit(0);  // the failpoint was not reached
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the failpoint was not reached";

  const auto self = distributed::make_self_communicator();
  fake::State state;
  Saver saver(fake::every_step(2), folder.path().string(), *self, fake::provenance(), state.parts());
  const int64_t expected = GetParam().committed ? 3 : 2;
  EXPECT_EQ(saver.resume_latest(), expected);
  EXPECT_TRUE(state.is(expected));
  EXPECT_TRUE(verify_checkpoint(folder.path()).empty());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "checkpoints")) {
    EXPECT_FALSE(entry.path().filename().string().ends_with(".tmp")) << entry.path();
  }
  // And the next save goes through where this one died.
  save_steps(folder, 3, 4);
  EXPECT_EQ(Folder(folder.path()).steps(), (std::vector<int64_t>{4, 3}));
}

INSTANTIATE_TEST_SUITE_P(EveryPlace, KilledAt,
                         testing::Values(Place{"checkpoint.folder", false}, Place{"checkpoint.opened", false},
                                         Place{"checkpoint.header", false}, Place{"checkpoint.tensor", false},
                                         Place{"checkpoint.written", false}, Place{"checkpoint.synced", false},
                                         Place{"checkpoint.manifest", false},
                                         Place{"checkpoint.manifest_synced", false},
                                         Place{"checkpoint.folder_synced", false}, Place{"checkpoint.renamed", true},
                                         Place{"checkpoint.latest", true}, Place{"checkpoint.removing", true}),
                         [](const auto& place) {
                           std::string name = place.param.name;
                           name = name.substr(name.find('.') + 1);
                           return name;
                         });

}  // namespace
}  // namespace realface::checkpoints
