// How often a checkpoint, the reducer and the loader copy, allocate and wait on a GPU; counted by the stand-in, which
// also brings what a copy brings only once it was waited for.

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "checkpoints/saving/snapshot.h"
#include "data/loading/device_copy.h"
#include "distributed/reducer/gradient_reducer.h"
#include "distributed/self_communicator.h"
#include "stages/training/device_copy.h"
#include "tests/gpu/stand_in/record.h"

namespace realface {
namespace {

using stand_in::counts;

TEST(StandIn, BringsACopyOnlyOnceItWasWaitedFor) {
  const auto device = torch::full({4}, 7.0, torch::kCUDA);
  const auto host = torch::zeros({4}, torch::TensorOptions().pinned_memory(true));
  host.copy_(device, /*non_blocking=*/true);
  EXPECT_EQ(host[0].item<float>(), 0);
  torch::Tensor(device).fill_(8);  // after the copy on the stream
  stand_in::forget();
  EXPECT_EQ(device[0].item<float>(), 8);  // waits
  EXPECT_EQ(counts().waits, 2) << "a number goes to memory that is not pinned";
  EXPECT_EQ(host[0].item<float>(), 7);
}

TEST(StandIn, SeesPinnedMemoryThatChangesUnderItsCopy) {
  stand_in::forget();
  const auto host = torch::zeros({4}, torch::TensorOptions().pinned_memory(true));
  const auto device = host.to(torch::kCUDA, /*non_blocking=*/true);
  torch::Tensor(host).fill_(1);
  (void)device[0].item<float>();
  EXPECT_EQ(stand_in::hazards().size(), 1U);
  stand_in::forget();
}

TEST(SentTo, ReachesTheDeviceWithoutAWait) {
  stand_in::forget();
  const auto there = stages::sent_to(torch::kCUDA, torch::arange(5));
  EXPECT_EQ(counts().waits, 0);
  EXPECT_EQ(counts().copies_to_device, 1);
  EXPECT_TRUE(at::equal(there.cpu(), torch::arange(5)));
  EXPECT_EQ(stand_in::hazards().size(), 0U);
}

std::vector<checkpoints::OwnedSlice> many_slices() {
  std::vector<checkpoints::OwnedSlice> slices;
  for (int i = 0; i < 50; ++i) {
    const auto tensor = torch::full({3 + i}, double(i), torch::kCUDA);
    slices.push_back({"model", replicated("tensor" + std::to_string(i), tensor)});
  }
  return slices;
}

TEST(SnapshotOnAGpu, IsOnePinnedBlockAndOneWait) {
  const auto slices = many_slices();
  checkpoints::Snapshot snapshot;
  stand_in::forget();
  snapshot.take(slices);
  EXPECT_EQ(counts().host_allocations, 1);
  EXPECT_EQ(counts().copies_to_host, 50);
  EXPECT_EQ(counts().waits, 1);
  for (size_t i = 0; i < slices.size(); ++i) {
    EXPECT_TRUE(at::equal(snapshot.pieces()[i].data, torch::full({3 + int64_t(i)}, double(i)))) << i;
  }
  stand_in::forget();
  snapshot.take(slices);
  EXPECT_EQ(counts().host_allocations, 0) << "the block of before";
  EXPECT_EQ(counts().waits, 1);
}

TEST(ReducerOnAGpu, UploadsWhichParametersAreUsedOnlyWhenOthersAre) {
  const auto group = distributed::make_self_communicator();
  const auto options = torch::TensorOptions(torch::kCUDA).requires_grad(true);
  const auto a = torch::ones({4}, options), b = torch::ones({4}, options);
  distributed::GradientReducer reducer({{"a", a}, {"b", b}}, *group, {});
  const auto update = [&](const torch::Tensor& loss) {
    reducer.zero();
    reducer.begin(true);
    loss.backward();
    reducer.finish();
  };
  for (int i = 0; i < 2; ++i) { update(a.sum()); }  // the first arranges the buckets
  stand_in::forget();
  for (int i = 0; i < 5; ++i) { update(a.sum()); }
  EXPECT_EQ(counts().copies_to_device, 0);
  EXPECT_EQ(counts().waits, 0);
  EXPECT_EQ(counts().device_allocations, 0);
  update((a * b).sum());
  EXPECT_EQ(counts().copies_to_device, 1) << "another set of parameters";
  EXPECT_TRUE(at::equal(b.grad().cpu(), torch::ones({4})));
}

TEST(LoaderOnAGpu, CopiesPinnedBatchesWithoutAWait) {
  data::DeviceCopy copy({torch::kCUDA, 0});
  const auto pinned = torch::arange(6).pin_memory();
  stand_in::forget();
  const auto flight = copy.start({pinned, {}});
  const auto landed = copy.finish(*flight);
  EXPECT_EQ(counts().waits, 0);
  EXPECT_EQ(counts().copies_to_device, 1);
  copy.land(*flight);  // before the memory is used again
  EXPECT_EQ(counts().waits, 1);
  EXPECT_TRUE(at::equal(landed[0].cpu(), torch::arange(6)));
  EXPECT_FALSE(landed[1].defined());
}

}  // namespace
}  // namespace realface
