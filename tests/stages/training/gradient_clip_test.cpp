#include "stages/training/gradient_clip.h"

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <limits>

namespace realface::stages {
namespace {

// 2-3-6 and 0: norm 7.
std::vector<torch::Tensor> buckets() {
  return {at::tensor(std::vector<float>{2, 3}), at::tensor(std::vector<float>{6, 0})};
}

TEST(GradientNorm, IsThatOfAllBucketsTogether) {
  EXPECT_FLOAT_EQ(gradient_norm(buckets()).item<float>(), 7.0F);
  EXPECT_FLOAT_EQ(gradient_norm({at::tensor(std::vector<float>{3, 4})}).item<float>(), 5.0F);
}

TEST(ClipDivisor, BringsTheNormToTheLimit) {
  const auto norm = gradient_norm(buckets());
  EXPECT_FLOAT_EQ(clip_divisor(norm, 3.5).item<float>(), 2.0F);
  EXPECT_FLOAT_EQ(clip_divisor(norm, 100).item<float>(), 1.0F) << "a norm below the limit must stay";
}

TEST(ClipDivisor, IsAbsentWithoutALimit) { EXPECT_FALSE(clip_divisor(gradient_norm(buckets()), 0).defined()); }

TEST(NotFinite, SeesInfinityAndNotANumberInAnyBucket) {
  for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    auto flat = buckets();
    flat[1][1] = bad;
    EXPECT_EQ(not_finite(gradient_norm(flat)).item<float>(), 1.0F);
  }
  EXPECT_EQ(not_finite(gradient_norm(buckets())).item<float>(), 0.0F);
}

}  // namespace
}  // namespace realface::stages
