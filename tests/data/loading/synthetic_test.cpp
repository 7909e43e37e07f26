// Streams without a dataset have the shapes, counts and ends of real ones.

#include "data/loading/synthetic.h"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "tests/mpi_world.h"

namespace realface::data {
namespace {

using realface::testing::mpi_world;

StreamNeeds needs(const std::string& name = "faces") {
  StreamNeeds stream;
  stream.name = name;
  stream.batch = 12;
  stream.accumulate = 2;
  stream.image = 64;
  stream.patch = 8;
  stream.mask.kind = "random";
  stream.mask.ratio = 0.75;
  return stream;
}

int64_t everywhere(int64_t value) {
  auto sum = at::full({1}, value, torch::kInt64);
  mpi_world().host_group().all_reduce(sum)->wait();
  return sum.item<int64_t>();
}

TEST(Synthetic, CutsTheBatchAmongRanksAndMicroBatches) {
  const auto streams = synthetic_streams({needs()}, 10, mpi_world());
  const auto step = *streams->next();
  const auto& batches = step.streams.at("faces");
  ASSERT_EQ(batches.size(), 2U);
  int64_t samples = 0, masked = 0;
  for (const auto& batch : batches) {
    EXPECT_EQ(batch.images.sizes(), (std::vector<int64_t>{batch.size(), 64, 64, 3}));
    EXPECT_EQ(batch.mask.sum().item<int64_t>(), batch.masked);
    EXPECT_EQ(batch.visible_max, 16) << "a quarter of 64 patches";
    EXPECT_TRUE(batch.fixed_visible);
    samples += batch.size();
    masked += batch.masked;
  }
  EXPECT_EQ(everywhere(samples), 12);
  EXPECT_EQ(everywhere(masked), 12 * 48);
  EXPECT_EQ(step.masked.at("faces"), 12 * 48);
  EXPECT_EQ(streams->samples(), 10 * 12);
}

TEST(Synthetic, ServesSeveralStreamsWithWhatEachNeeds) {
  auto clips = needs("clips");
  clips.unit = "clip";
  clips.frames = 4;
  clips.mask.kind = "none";
  auto blended = needs("blended");
  blended.sbi = 0.5;
  blended.mask.kind = "part";
  const auto streams = synthetic_streams({clips, blended}, 10, mpi_world());
  const auto step = *streams->next();
  const auto& clip = step.streams.at("clips").front();
  EXPECT_EQ(clip.images.sizes(), (std::vector<int64_t>{clip.size(), 4, 64, 64, 3}));
  EXPECT_FALSE(clip.mask.defined());
  const auto& pair = step.streams.at("blended").front();
  EXPECT_EQ(pair.tampered.sizes(), (std::vector<int64_t>{pair.size(), 64, 64}));
  EXPECT_GT(pair.masked, 0) << "the average face has parts to mask";
  EXPECT_EQ(streams->next()->index, 1);
}

TEST(Synthetic, EndsIfAStreamIsNotEndless) {
  auto once = needs();
  once.endless = false;
  const auto streams = synthetic_streams({once}, 3, mpi_world());
  for (int i = 0; i < 3; ++i) { EXPECT_TRUE(streams->next().has_value()); }
  EXPECT_FALSE(streams->next().has_value());
}

TEST(Synthetic, RefusesABatchThatCannotBeCut) {
  auto odd = needs();
  odd.batch = 12 * mpi_world().size() + 1;
  EXPECT_THROW(synthetic_streams({odd}, 3, mpi_world()), ConfigError);
}

TEST(AverageLandmarks, LieInTheCropWithTheEyesAboveTheMouth) {
  const auto points = average_landmarks(224);
  ASSERT_EQ(points.size(), 136U);
  EXPECT_TRUE(std::all_of(points.begin(), points.end(), [](float value) { return value >= 0 && value < 224; }));
  const auto y = [&](size_t point) { return points[2 * point + 1]; };
  EXPECT_LT(y(37), y(33)) << "eyes above the base of the nose";
  EXPECT_LT(y(33), y(57)) << "and that above the lower lip";
  EXPECT_LT(points[2 * 36], points[2 * 45]) << "the right eye is at image left";
}

}  // namespace
}  // namespace realface::data
