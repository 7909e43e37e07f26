// The node's sums driven step by step, in an order of events that a communication thread meets once in a long while.

#include "distributed/mpi/node_channel.h"

#include <gtest/gtest.h>

#include "distributed/mpi/calls.h"
#include "tests/mpi_world.h"

namespace realface::distributed {
namespace {

using realface::testing::mpi_world;

/// Two reductions, of ones and of twos, on every rank.
struct TwoReductions {
  TwoReductions() {
    for (size_t i = 0; i < 2; ++i) {
      memories[i] = channel->allocate(group, kElements * sizeof(float));
      tensors[i] = torch::from_blob(memories[i]->of(group.rank()), {kElements}).fill_(double(i + 1));
      reductions[i] = channel->reduction_of(tensors[i]).value();
    }
  }
  void post() {
    for (auto& reduction : reductions) { channel->post(reduction); }
  }
  bool advance(size_t i) { return channel->advance(reductions[i]); }

  static constexpr int64_t kElements = 1000;
  const MpiGroup group{MPI_COMM_WORLD};
  const std::unique_ptr<NodeChannel> channel = NodeChannel::open(group);
  std::array<std::shared_ptr<NodeMemory>, 2> memories;
  std::array<torch::Tensor, 2> tensors;
  std::array<NodeChannel::Reduction, 2> reductions;
};

void meet() { mpi_world().host_group().barrier()->wait(); }

TEST(NodeChannel, AReductionThatIsReadyWaitsForTheOneBeforeIt) {
  const int rank = mpi_world().rank(), ranks = mpi_world().size();
  if (ranks < 2) { GTEST_SKIP() << "needs two ranks"; }
  TwoReductions sums;
  // Rank 0 looks at the first before the others post it, and at the second after that.
  if (rank == 0) {
    sums.post();
    EXPECT_FALSE(sums.advance(0));
  }
  meet();
  if (rank != 0) { sums.post(); }
  meet();
  EXPECT_FALSE(rank == 0 && sums.advance(1));
  meet();
  EXPECT_FALSE(rank != 0 && sums.advance(0)) << "rank 0 has not written its share of the first";
  meet();
  for (size_t i = 0; i < 2; ++i) {
    (void)sums.advance(i);
    meet();
    EXPECT_TRUE(sums.advance(i));
    EXPECT_TRUE(torch::all(sums.tensors[i] == double(i + 1) * ranks).item<bool>()) << "reduction " << i;
  }
}

}  // namespace
}  // namespace realface::distributed
