// Every operation against its closed form, on each communicator that this world offers, also with chunks so small that
// a handful of elements takes many.

#include <gtest/gtest.h>

#include "distributed/communicator.h"
#include "distributed/mpi/calls.h"
#include "distributed/mpi/communicator.h"
#include "distributed/mpi/posts.h"
#include "tests/mpi_world.h"

namespace realface::distributed {
namespace {

using realface::testing::mpi_world;

/// 0: the world's own group; else an MPI communicator with chunks of that many elements.
class CommunicatorTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    if (GetParam() == 0) {
      group_ = &mpi_world().group();
      device_ = mpi_world().device();
      return;
    }
    own_ = make_mpi_communicator({.chunk_elements = GetParam()});
    group_ = own_.get();
  }

  int64_t rank() const { return group_->rank(); }
  int64_t size() const { return group_->size(); }
  /// 1 + 2 + ... + size
  int64_t triangle() const { return size() * (size() + 1) / 2; }

  /// The tensor on the device that the group serves.
  torch::Tensor here(const torch::Tensor& tensor) const { return tensor.to(device_); }

  Communicator* group_ = nullptr;
  torch::Device device_ = torch::kCPU;
  std::unique_ptr<Communicator> own_;
};

TEST_P(CommunicatorTest, KnowsItsRankAndSize) {
  EXPECT_EQ(rank(), mpi_world().rank());
  EXPECT_EQ(size(), mpi_world().size());
}

TEST_P(CommunicatorTest, AllReduceSumsEveryType) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat64, torch::kInt64, torch::kInt32, torch::kUInt8}) {
    const auto tensor = here((torch::arange(17, torch::kInt64) * (rank() + 1)).to(dtype));
    group_->all_reduce(tensor)->wait();
    EXPECT_TRUE(torch::equal(tensor.cpu(), (torch::arange(17, torch::kInt64) * triangle()).to(dtype))) << dtype;
  }
}

TEST_P(CommunicatorTest, AllReduceFindsExtremes) {
  const auto low = here(torch::tensor({double(rank()), double(-rank()), 3.0}, torch::kFloat64));
  const auto high = low.clone();
  group_->all_reduce(low, ReduceOp::min)->wait();
  group_->all_reduce(high, ReduceOp::max)->wait();
  EXPECT_TRUE(torch::equal(low.cpu(), torch::tensor({0.0, double(1 - size()), 3.0}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(high.cpu(), torch::tensor({double(size() - 1), 0.0, 3.0}, torch::kFloat64)));
}

TEST_P(CommunicatorTest, HalfPrecisionIsSummedInFp32AndRoundedOnce) {
  if (group_->backend() != "mpi") { GTEST_SKIP() << "one rank sums nothing, and NCCL rounds between ranks"; }
  // 256 + 1 + 1 is 258 in fp32; adding 1 to 256 twice in bf16, which has 8 bits, stays at 256.
  const auto tensor = torch::full({5}, rank() == 0 ? 256.0 : 1.0, torch::kBFloat16);
  group_->all_reduce(tensor)->wait();
  const auto expected = torch::full({5}, 256.0 + double(size() - 1)).to(torch::kBFloat16);
  EXPECT_TRUE(torch::equal(tensor, expected)) << tensor;
}

TEST_P(CommunicatorTest, BroadcastCopiesTheRootsBytes) {
  for (int64_t root = 0; root < size(); ++root) {
    const auto tensor = here(torch::full({3, 7}, double(rank()), torch::kBFloat16));
    group_->broadcast(tensor, static_cast<int>(root))->wait();
    EXPECT_TRUE(torch::equal(tensor.cpu(), torch::full({3, 7}, double(root), torch::kBFloat16)));
  }
}

TEST_P(CommunicatorTest, AllGatherPutsRankAfterRank) {
  const auto input = here(torch::arange(11, torch::kInt32) + 100 * rank());
  const auto output = here(torch::zeros({size(), 11}, torch::kInt32));
  group_->all_gather(output, input)->wait();
  for (int64_t other = 0; other < size(); ++other) {
    EXPECT_TRUE(torch::equal(output[other].cpu(), torch::arange(11, torch::kInt32) + 100 * other));
  }
}

TEST_P(CommunicatorTest, AllGatherWorksInPlace) {
  const auto output = here(torch::zeros({size(), 5}, torch::kFloat32));
  output[rank()].fill_(double(rank() + 1));
  group_->all_gather(output, output[rank()])->wait();
  for (int64_t other = 0; other < size(); ++other) {
    EXPECT_EQ(output[other].sum().item<float>(), 5.0f * float(other + 1));
  }
}

TEST_P(CommunicatorTest, ReduceScatterGivesEachRankItsPart) {
  for (const auto dtype : {torch::kFloat32, torch::kBFloat16}) {
    const auto input = here(((torch::arange(size() * 9) % 13) * (rank() + 1)).to(dtype));
    const auto output = here(torch::zeros({9}, dtype));
    group_->reduce_scatter(output, input)->wait();
    const auto whole = ((torch::arange(size() * 9) % 13) * triangle()).to(dtype);
    EXPECT_TRUE(torch::equal(output.cpu(), whole.narrow(0, rank() * 9, 9))) << dtype;
  }
}

TEST_P(CommunicatorTest, EmptyTensorsPass) {
  const auto tensor = here(torch::zeros({0}));
  group_->all_reduce(tensor)->wait();
  group_->broadcast(tensor, 0)->wait();
  group_->all_gather(tensor, tensor)->wait();
  group_->barrier()->wait();
  EXPECT_EQ(tensor.numel(), 0);
}

TEST_P(CommunicatorTest, ManyOperationsAreUnderWayAtOnceAndMayBeAwaitedInAnyOrder) {
  std::vector<torch::Tensor> tensors;
  std::vector<Pending> pending;
  for (int64_t i = 0; i < 50; ++i) {
    tensors.push_back(here(torch::full({i + 1}, double((rank() + 1) * i), torch::kFloat64)));
    pending.push_back(group_->all_reduce(tensors.back()));
  }
  for (size_t i = pending.size(); i-- > 0;) {
    pending[i]->wait();
    EXPECT_TRUE(pending[i]->done() || device_.is_cuda()) << "a GPU need not have done it";
    EXPECT_TRUE(torch::all(tensors[i] == double(triangle()) * double(i)).item<bool>());
  }
}

TEST_P(CommunicatorTest, AllocatedMemoryIsSummedAlsoInParts) {
  for (const auto dtype : {torch::kFloat32, torch::kFloat64}) {
    const auto whole = group_->allocate(10'007, torch::TensorOptions(dtype).device(device_));
    EXPECT_EQ(whole.abs().sum().item<double>(), 0.0);
    whole.copy_(torch::arange(10'007) % 1000 * (rank() + 1));
    // 16 elements are a cache line: parts that begin and end within one.
    const auto first = group_->all_reduce(whole.narrow(0, 3, 5'000));
    const auto second = group_->all_reduce(whole.narrow(0, 5'003, 5'001));
    second->wait();
    first->wait();
    const auto expected = here((torch::arange(10'007) % 1000).to(dtype));
    EXPECT_TRUE(torch::equal(whole.narrow(0, 3, 10'001), expected.narrow(0, 3, 10'001) * double(triangle())));
    EXPECT_TRUE(torch::equal(whole.narrow(0, 0, 3), expected.narrow(0, 0, 3) * double(rank() + 1)));
    EXPECT_TRUE(torch::equal(whole.narrow(0, 10'004, 3), expected.narrow(0, 10'004, 3) * double(rank() + 1)));
  }
}

TEST_P(CommunicatorTest, AllocatedMemoryOutlivesItsCommunicator) {
  if (own_ == nullptr) { GTEST_SKIP() << "the world's group stays"; }
  const auto tensor = own_->allocate(1000, torch::kFloat32);
  own_.reset();
  tensor.fill_(1);
  EXPECT_EQ(tensor.sum().item<float>(), 1000.0f);
}

TEST_P(CommunicatorTest, RefusesWhatItCannotSendAndNamesRankAndOperation) {
  const auto message = [&](const auto& operation) {
    try {
      operation();
    } catch (const CommunicatorError& error) { return std::string(error.what()); }
    return std::string("nothing was thrown");
  };
  const auto gaps = here(torch::zeros({4, 4})).t();
  EXPECT_NE(message([&] { group_->all_reduce(gaps)->wait(); }).find("all_reduce"), std::string::npos);
  EXPECT_NE(message([&] { group_->all_reduce(gaps)->wait(); }).find("rank " + std::to_string(rank())),
            std::string::npos);
  EXPECT_NE(message([&] { group_->broadcast(torch::Tensor(), 0)->wait(); }).find("undefined"), std::string::npos);
  EXPECT_NE(message([&] { group_->broadcast(here(torch::zeros({1})), 99)->wait(); }).find("99"), std::string::npos);
  const auto uneven = message([&] { group_->all_gather(here(torch::zeros({100})), here(torch::zeros({3})))->wait(); });
  EXPECT_NE(uneven.find("100"), std::string::npos) << uneven;
}

INSTANTIATE_TEST_SUITE_P(Groups, CommunicatorTest, ::testing::Values(0, 1, 3, 4096));

TEST(MpiPosts, GatherInOneCallOnlyWhatOneCallCanCount) {
  const MpiGroup group(MPI_COMM_WORLD);
  const auto input = torch::full({10}, double(group.rank()), torch::kFloat64);
  const int64_t bytes = int64_t{80} * group.size();
  for (const auto& [chunk, calls] : {std::pair{bytes, 1}, std::pair{bytes - 1, group.size()}}) {
    if (group.size() == 1 && chunk < bytes) {
      continue;  // one part of two chunks: another matter
    }
    const auto output = torch::zeros({group.size(), 10}, torch::kFloat64);
    MpiPosts::Requests requests;
    MpiPosts{group.get(), group.rank(), group.size(), chunk}.all_gather(requests, output, input);
    EXPECT_EQ(requests.size(), size_t(calls)) << "chunks of " << chunk << " bytes";
    check_mpi(MPI_Waitall(int(requests.size()), requests.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
    for (int rank = 0; rank < group.size(); ++rank) { EXPECT_EQ(output[rank].sum().item<double>(), 10.0 * rank); }
  }
}

TEST(MpiCommunicator, RanksThatReduceDifferentSizesAreTold) {
  auto& world = mpi_world();
  if (world.size() < 2) { GTEST_SKIP() << "needs two ranks"; }
  const auto group = make_mpi_communicator();
  const auto memory = group->allocate(64, torch::kFloat32);
  try {
    group->all_reduce(memory.narrow(0, 0, world.rank() == 0 ? 32 : 64))->wait();
    FAIL() << "ranks summed different sizes";
  } catch (const CommunicatorError& error) {
    EXPECT_NE(std::string(error.what()).find("same collectives in the same order"), std::string::npos) << error.what();
  }
}

TEST(MpiCommunicator, WhatFollowsARefusedReductionEnds) {
  auto& world = mpi_world();
  if (world.size() < 2) { GTEST_SKIP() << "needs two ranks"; }
  const auto group = make_mpi_communicator();
  const auto memory = group->allocate(64, torch::kFloat32).fill_(world.rank() + 1);
  const auto refused = group->all_reduce(memory.narrow(0, 0, world.rank() == 0 ? 16 : 32));
  const auto good = group->all_reduce(memory.narrow(0, 32, 32));
  EXPECT_THROW(refused->wait(), CommunicatorError);
  good->wait();
  const float sum = float(world.size() * (world.size() + 1)) / 2;
  EXPECT_TRUE(torch::all(memory.narrow(0, 32, 32) == sum).item<bool>()) << memory;
}

TEST(MpiCommunicator, ManySumsOnTheNodeAreUnderWayAtOnce) {
  constexpr int64_t kSums = 16, kElements = 64;
  auto& world = mpi_world();
  const auto group = make_mpi_communicator();
  const auto memory = group->allocate(kSums * kElements, torch::kFloat32);
  const auto parts = memory.view({kSums, kElements}).unbind();
  const auto expected = torch::arange(kSums).repeat_interleave(kElements) * (world.size() * (world.size() + 1) / 2);
  for (int round = 0; round < 500; ++round) {
    memory.copy_(torch::arange(kSums).repeat_interleave(kElements) * (world.rank() + 1));
    std::vector<Pending> pending;
    for (const auto& part : parts) { pending.push_back(group->all_reduce(part)); }
    for (const auto& one : pending) { one->wait(); }
    ASSERT_TRUE(torch::equal(memory, expected.to(torch::kFloat32))) << "round " << round;
  }
}

TEST(MpiCommunicator, SumsTheSameBitsWithAndWithoutSharedMemory) {
  auto& world = mpi_world();
  const auto shared = make_mpi_communicator();
  const auto apart = make_mpi_communicator({.node_memory = false});
  torch::manual_seed(world.rank());
  const auto values = torch::randn({100'003});
  const auto fast = shared->allocate(values.numel(), torch::kFloat32).copy_(values);
  const auto slow = apart->allocate(values.numel(), torch::kFloat32).copy_(values);
  shared->all_reduce(fast)->wait();
  apart->all_reduce(slow)->wait();
  // Of two numbers there is one sum; with more ranks the orders differ.
  if (world.size() <= 2) {
    EXPECT_TRUE(torch::equal(fast, slow));
  } else {
    EXPECT_TRUE(torch::allclose(fast, slow, 1e-5, 1e-6));
  }
  const auto others = torch::empty({world.size(), values.numel()});
  apart->all_gather(others, fast)->wait();
  for (int rank = 0; rank < world.size(); ++rank) {
    EXPECT_TRUE(torch::equal(others[rank], fast)) << "rank " << rank << " has other bits";
  }
}

TEST(MpiCommunicator, ReducesWhileTheCallerComputes) {
  auto& world = mpi_world();
  const auto group = make_mpi_communicator();
  for (const auto& tensor : {torch::ones({1 << 20}), group->allocate(1 << 20, torch::kFloat32).fill_(1)}) {
    const auto work = group->all_reduce(tensor);
    // No call into the communicator: the result comes by the communication threads alone.
    for (int tries = 0; !work->done() && tries < 2000; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ASSERT_TRUE(work->done());
    work->wait();
    EXPECT_EQ(tensor.min().item<float>(), float(world.size()));
    EXPECT_EQ(tensor.max().item<float>(), float(world.size()));
  }
}

}  // namespace
}  // namespace realface::distributed
