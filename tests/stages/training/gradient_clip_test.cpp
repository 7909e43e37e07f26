#include "stages/training/gradient_clip.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cmath>
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

// 2 % of the elements are large: a running sum in fp32 stops growing by the small ones.
TEST(GradientNorm, IsNotBiasedByTheNumberOfElements) {
  for (const int64_t elements : {int64_t{1}, int64_t{4095}, int64_t{4097}, int64_t{6'553'600}, int64_t{40'000'001}}) {
    const auto flat = at::full({elements}, 1e-3F);
    flat.narrow(0, 0, (elements + 49) / 50).fill_(0.5F);
    const double expected = flat.to(torch::kFloat64).square().sum().sqrt().item<double>();
    EXPECT_NEAR(gradient_norm({flat}).item<double>() / expected, 1.0, 3e-6) << elements;
    EXPECT_NEAR(gradient_norm({flat, flat}).item<double>() / expected, std::sqrt(2.0), 5e-6) << elements;
  }
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
