// What the NCCL communicator asks of NCCL and CUDA, in which order, and how it ends when they fail; seen by the
// stand-in.

#include <c10/cuda/CUDAStream.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <thread>

#include "distributed/nccl/communicator.h"
#include "distributed/self_communicator.h"
#include "tests/gpu/stand_in/record.h"

namespace realface::distributed {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Threads of this process.
int threads() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Threads:")) { return std::stoi(line.substr(8)); }
  }
  return 0;
}

/// Whether it holds within five seconds: the communicator's own thread needs a moment.
bool soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000 && !holds(); ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }
  return holds();
}

class Nccl : public ::testing::Test {
 protected:
  void SetUp() override {
    stand_in::end_faults();
    stand_in::forget();
  }
  void TearDown() override {
    stand_in::end_faults();
    stand_in::set_capturing(false);
  }

  std::unique_ptr<Communicator> connect(double deadline = 60) {
    return make_nccl_communicator(*host_, {.device = 0, .deadline = deadline}, log_);
  }
  /// The error of what is done.
  static std::string error_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const CommunicatorError& error) { return error.what(); }
    return "";
  }

  std::unique_ptr<Communicator> host_ = make_self_communicator();
  std::shared_ptr<CollectiveLog> log_ = std::make_shared<CollectiveLog>("gradients");
  torch::Tensor tensor_ = torch::ones({8}, torch::kCUDA);
};

TEST_F(Nccl, PutsACollectiveOnAStreamOfItsOwnBetweenTwoEventsAndTheHostNeverWaits) {
  const auto group = connect();
  stand_in::forget();
  const auto work = group->all_reduce(tensor_, ReduceOp::sum);
  EXPECT_THAT(stand_in::calls(), ElementsAre("record@0", "wait_event@1", "all_reduce@1", "record@1"));
  work->wait();
  EXPECT_EQ(stand_in::calls().back(), "wait_event@0") << "the current stream waits, not the host";
  EXPECT_EQ(stand_in::counts().waits, 0);
  EXPECT_EQ(stand_in::counts().collectives, 1);
  EXPECT_TRUE(soon([&] { return work->done() && !log_->oldest_pending(); }));
}

TEST_F(Nccl, IsBlockingAndStartsNoThreadForACollective) {
  const auto group = connect();
  EXPECT_THAT(stand_in::calls(), Contains(HasSubstr("init_blocking")));
  EXPECT_THAT(stand_in::calls(), Not(Contains(HasSubstr("init_nonblocking"))));
  group->barrier()->wait();
  const int before = threads();
  for (int i = 0; i < 200; ++i) { group->all_reduce(tensor_, ReduceOp::sum)->wait(); }
  EXPECT_EQ(threads(), before);
}

TEST_F(Nccl, ConnectingHasADeadlineEvenIfNcclNeverReturns) {
  stand_in::make_fail("ncclCommInitRankConfig", stand_in::Fault::hangs);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(error_of([&] { connect(0.2); }), HasSubstr("not connected to 1 ranks after 0.2"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST_F(Nccl, SaysWhyItCouldNotConnect) {
  stand_in::make_fail("ncclCommInitRankConfig", stand_in::Fault::fails);
  EXPECT_THAT(error_of([&] { connect(); }), HasSubstr("unhandled system error (a fault that a test asked for)"));
  stand_in::end_faults();
  stand_in::make_fail("ncclGetUniqueId", stand_in::Fault::fails);
  EXPECT_THAT(error_of([&] { connect(); }), HasSubstr("rank 0 got no unique id"));
}

TEST_F(Nccl, AnAsynchronousErrorAbortsAndEverythingAfterItThrows) {
  const auto group = connect();
  const auto before = group->all_reduce(tensor_, ReduceOp::sum);
  stand_in::set_nccl_async_error(6);  // ncclRemoteError
  const auto failed = [&] { return !error_of([&] { group->check(); }).empty(); };
  ASSERT_TRUE(soon(failed));
  EXPECT_THAT(stand_in::calls(), Contains("abort@0"));
  const auto error = error_of([&] { group->all_reduce(tensor_, ReduceOp::sum); });
  EXPECT_THAT(error, HasSubstr("all_reduce of 32 bytes cannot run: a collective failed: remote process exited"));
  EXPECT_THAT(error_of([&] { before->wait(); }), HasSubstr("remote process exited"));
  EXPECT_TRUE(before->done()) << "nothing more comes";
}

TEST_F(Nccl, ACallThatFailsAborts) {
  const auto group = connect();
  stand_in::make_fail("ncclAllReduce", stand_in::Fault::fails);
  EXPECT_THAT(error_of([&] { group->all_reduce(tensor_, ReduceOp::sum); }), HasSubstr("unhandled system error"));
  stand_in::end_faults();
  EXPECT_THAT(stand_in::calls(), Contains("abort@0"));
  EXPECT_NE(error_of([&] { group->broadcast(tensor_, 0); }), "");
}

TEST_F(Nccl, AfterAnErrorOfCudaNcclIsLeftAlone) {
  auto group = connect();
  stand_in::make_fail("cudaEventQuery", stand_in::Fault::fails);
  (void)group->all_reduce(tensor_, ReduceOp::sum);
  ASSERT_TRUE(soon([&] { return !error_of([&] { group->check(); }).empty(); }));
  EXPECT_THAT(error_of([&] { group->check(); }), HasSubstr("the GPU failed"));
  group.reset();
  EXPECT_THAT(stand_in::calls(), Not(Contains("abort@0")));
  EXPECT_THAT(stand_in::calls(), Not(Contains("finalize@0")));
}

TEST_F(Nccl, EndsByFinalizingAndNeverWhileAnExceptionUnwinds) {
  connect().reset();
  const auto calls = stand_in::calls();
  ASSERT_GE(calls.size(), 2U);
  EXPECT_EQ(calls[calls.size() - 2], "finalize@0");
  EXPECT_EQ(calls.back(), "destroy@0");
  stand_in::forget();
  EXPECT_THROW(
      {
        const auto group = connect();
        throw std::runtime_error("something else");
      },
      std::runtime_error);
  EXPECT_THAT(stand_in::calls(), Not(Contains("finalize@0"))) << "it would wait for other ranks";
}

TEST_F(Nccl, ItsThreadEndsNoCaptureOfAGraph) {
  const auto group = connect();
  const auto running = group->all_reduce(tensor_, ReduceOp::sum);
  stand_in::set_capturing(true);
  const auto captured = group->all_reduce(tensor_, ReduceOp::sum);
  captured->wait();
  EXPECT_TRUE(soon([&] { return !log_->oldest_pending(); })) << "the one before goes on being watched";
  EXPECT_THAT(stand_in::hazards(), IsEmpty());
}

}  // namespace
}  // namespace realface::distributed
