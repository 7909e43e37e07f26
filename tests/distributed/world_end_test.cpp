// How a run ends, seen from outside: world_probe under mpirun, its exit code, its words and the time it took.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "distributed/joining/cores.h"

namespace realface::distributed {
namespace {

struct End {
  int code;
  std::string text;
  double seconds;
};

End run(const std::string& command) {
  const auto start = std::chrono::steady_clock::now();
  // A hang must fail the test, not the machine.
  FILE* pipe = ::popen(("timeout -k 1 40 " + command + " 2>&1").c_str(), "r");
  End end{};
  std::array<char, 4096> buffer;
  while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) { end.text += buffer.data(); }
  const int status = ::pclose(pipe);
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  end.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return end;
}

End under_mpirun(int ranks, const std::string& arguments) {
  return run(std::string(REALFACE_MPIRUN) + " -n " + std::to_string(ranks) + " " + REALFACE_WORLD_PROBE + " " +
             arguments);
}

#define EXPECT_SAYS(end, words) EXPECT_NE((end).text.find(words), std::string::npos) << (end).text

TEST(WorldEnd, TheGoodPathReturnsZeroAndSaysWhoIsThere) {
  const auto end = under_mpirun(2, "banner");
  EXPECT_EQ(end.code, 0) << end.text;
  EXPECT_SAYS(end, "2 ranks; libtorch 2.11.0");
  EXPECT_SAYS(end, "ranks 0-1 on ");
}

TEST(WorldEnd, TheKernelsAreTakenFromTheConfiguration) {
  const auto end = under_mpirun(2, "plain");
  EXPECT_EQ(end.code, 0) << end.text;
  EXPECT_SAYS(end, "mkl, kernels default");
  EXPECT_SAYS(under_mpirun(1, "banner"), "mkl, kernels auto");
}

TEST(WorldEnd, MoreThreadsThanCoresAreWarnedOf) {
  const auto end = under_mpirun(2, "crowd");
  EXPECT_EQ(end.code, 0) << end.text;
  EXPECT_SAYS(end, "warning: ranks 0-1 have");
}

TEST(WorldEnd, ABindingToFewOfTheCoresIsWarnedOf) {
  if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) { GTEST_SKIP() << "needs two cores"; }
  const std::string narrow = "taskset -c " + std::to_string(allowed_cores().front()) + " ";
  const auto end = run(narrow + REALFACE_WORLD_PROBE + " banner");
  EXPECT_EQ(end.code, 0) << end.text;
  EXPECT_SAYS(end, "warning: rank 0 may use 1 of the ");
  if (allowed_cores().size() < size_t(::sysconf(_SC_NPROCESSORS_ONLN))) { return; }
  const auto wide = run(std::string(REALFACE_WORLD_PROBE) + " banner");
  EXPECT_EQ(wide.text.find("warning: "), std::string::npos) << wide.text;
}

TEST(WorldEnd, AnExceptionOnOneRankEndsAllWithItsCodeAndNamesTheRank) {
  const auto end = under_mpirun(3, "throw 2");
  EXPECT_EQ(end.code, 75) << end.text;
  EXPECT_SAYS(end, "[rank 2]");
  EXPECT_SAYS(end, "[probe] a fault on purpose");
  EXPECT_LT(end.seconds, 20);
}

TEST(WorldEnd, AnUnnotedExceptionStillEndsAll) {
  const auto end = under_mpirun(2, "unguarded");
  EXPECT_EQ(end.code, 1) << end.text;
  EXPECT_SAYS(end, "[rank 1]");
  EXPECT_LT(end.seconds, 20);
}

TEST(WorldEnd, AnAgreedErrorIsSaidOnceWithItsCode) {
  const auto end = under_mpirun(3, "agree 1");
  EXPECT_EQ(end.code, 78) << end.text;
  EXPECT_SAYS(end, "[rank 1]");
  const auto first = end.text.find("a fault on purpose");
  ASSERT_NE(first, std::string::npos) << end.text;
  EXPECT_EQ(end.text.find("a fault on purpose", first + 1), std::string::npos) << end.text;
}

TEST(WorldEnd, AnExceptionWhileDrawingFromAQueueEndsAll) {
  for (const char* rank : {"0", "1"}) {
    const auto end = under_mpirun(2, std::string("queue ") + rank);
    EXPECT_EQ(end.code, 75) << end.text;
    EXPECT_SAYS(end, std::string("[rank ") + rank + "]");
  }
}

TEST(WorldEnd, AnErrorOfOneRankWhileJoiningEndsAllAndIsSaid) {
  for (const char* place : {"world.admit", "world.connect"}) {
    const auto end = run(std::string("env REALFACE_FAILPOINT=") + place + ":1 " + REALFACE_MPIRUN + " -n 3 " +
                         REALFACE_WORLD_PROBE + " banner");
    EXPECT_EQ(end.code, 1) << end.text;
    EXPECT_SAYS(end, "rank 1");
    EXPECT_SAYS(end, std::string("[") + place + "] REALFACE_FAILPOINT");
    EXPECT_LT(end.seconds, 20);
  }
}

TEST(WorldEnd, ARankThatIsStoppedBeforeItJoinsEndsAllAtTheDeadline) {
  const auto end = under_mpirun(3, "late 1");
  EXPECT_EQ(end.code, 1) << end.text;
  EXPECT_SAYS(end, "joining the world has not ended within 3 s");
  EXPECT_LT(end.seconds, 25);
}

TEST(WorldEnd, AJobThatIsSuspendedGoesOnAfterwards) {
  const auto end = under_mpirun(2, "suspend");
  EXPECT_EQ(end.code, 0) << end.text;
  EXPECT_EQ(end.text.find("[watchdog]"), std::string::npos) << end.text;
  EXPECT_GT(end.seconds, 5) << "it was not suspended: the test tested nothing";
}

TEST(WorldEnd, AKilledRankEndsAll) {
  const auto end = under_mpirun(3, "kill 1");
  EXPECT_NE(end.code, 0);
  EXPECT_NE(end.code, 124) << "a hang:\n" << end.text;
  EXPECT_SAYS(end, "rank 1");
  EXPECT_LT(end.seconds, 20);
}

TEST(WorldEnd, AStoppedRankIsNamedAtTheDeadline) {
  const auto end = under_mpirun(3, "stop 1");
  EXPECT_EQ(end.code, 1) << end.text;
  EXPECT_SAYS(end, "missing: rank 1 (does not answer: stopped or dead)");
  EXPECT_SAYS(end, "all_reduce #");
  EXPECT_LT(end.seconds, 30);
}

TEST(WorldEnd, ABusyRankIsNamedWithItsLastCollective) {
  const auto end = under_mpirun(3, "busy 2");
  EXPECT_EQ(end.code, 1) << end.text;
  EXPECT_SAYS(end, "missing: rank 2 (");
  EXPECT_SAYS(end, "last at ");
  EXPECT_SAYS(end, "DUMP [watchdog]");
  EXPECT_SAYS(end, "group gradients:");
  EXPECT_LT(end.seconds, 25);
}

TEST(WorldEnd, AloneAnExceptionPassesToItsCatcher) {
  const auto end = run(std::string(REALFACE_WORLD_PROBE) + " throw 0");
  EXPECT_EQ(end.code, 75) << end.text;
  EXPECT_SAYS(end, "CAUGHT [probe] a fault on purpose");
  EXPECT_EQ(end.text.find("MPI_ABORT"), std::string::npos) << end.text;
}

TEST(WorldEnd, ASingletonOfManyPromisedTasksIsRefused) {
  const auto end = run(std::string("env SLURM_NTASKS=4 ") + REALFACE_WORLD_PROBE);
  EXPECT_EQ(end.code, 78) << end.text;
  EXPECT_SAYS(end, "CAUGHT [world] this process is rank 0 of 1, but SLURM_NTASKS promises 4");
}

TEST(WorldEnd, AloneItNeedsNoLauncher) {
  const auto end = run(std::string(REALFACE_WORLD_PROBE) + " banner");
  EXPECT_EQ(end.code, 0) << end.text;
  EXPECT_SAYS(end, "1 rank; libtorch");
}

}  // namespace
}  // namespace realface::distributed
