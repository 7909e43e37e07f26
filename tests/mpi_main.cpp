// The main function of the tests that run under mpirun: joins the world, runs every test on every rank, and fails on
// all ranks if one failed. Ranks other than 0 print only their failures, each with the rank. Tests compute on the CPU,
// or on the device that REALFACE_TEST_DEVICE names; they are skipped (exit code 77) if that is a GPU and there is none.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "distributed/agreement.h"
#include "distributed/nccl/devices.h"
#include "tests/mpi_world.h"

namespace realface::testing {
namespace {

distributed::World* joined = nullptr;

/// Prints failures alone, each with its rank.
class FailurePrinter : public ::testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}

 private:
  void OnTestSuiteStart(const ::testing::TestSuite& suite) override { test_ = suite.name(); }
  void OnTestStart(const ::testing::TestInfo& test) override {
    test_ = std::string(test.test_suite_name()) + '.' + test.name();
  }
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) { return; }
    // The name is remembered: GoogleTest holds a mutex here, which asking it for the current test would take again.
    std::cerr << "[rank " << rank_ << "] " << test_ << " " << (result.file_name() == nullptr ? "" : result.file_name())
              << ":" << result.line_number() << "\n"
              << result.message() << std::endl;
  }

  const int rank_;
  std::string test_;
};

}  // namespace

distributed::World& mpi_world() { return *joined; }

}  // namespace realface::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  // A test that leaves its collectives ends the run here, and names the rank, well before ctest's deadline.
  const char* asked = std::getenv("REALFACE_TEST_DEVICE");
  const std::string device = asked == nullptr ? "cpu" : asked;
  const bool driver = std::filesystem::exists("/dev/nvidiactl");
  if (device == "cuda" && !driver && realface::distributed::device_count() == 0) {
    std::cout << "SKIPPED: " << realface::distributed::why_no_devices() << std::endl;
    return 77;
  }
  auto world = realface::distributed::World::join({.device = device,
                                                   .nccl = device == "cuda" ? "always" : "auto",
                                                   .deterministic = device == "cuda",
                                                   .threads = 1,
                                                   .deadline = 60});
  realface::testing::joined = &world;
  auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
  if (world.rank() != 0) { delete listeners.Release(listeners.default_result_printer()); }
  if (world.rank() != 0) { listeners.Append(new realface::testing::FailurePrinter(world.rank())); }
  const bool failed = RUN_ALL_TESTS() != 0;
  const bool anywhere = realface::distributed::any(world.host_group(), failed);
  if (anywhere && !failed && world.rank() == 0) { std::cerr << "another rank failed, see above" << std::endl; }
  return anywhere ? 1 : 0;
}
