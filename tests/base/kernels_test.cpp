#include "base/kernels.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace realface {
namespace {

TEST(GpuMath, TakesTf32OnlyIfAskedForAndNeverCudnnsAttention) {
  const auto& context = at::globalContext();
  for (const bool tf32 : {true, false}) {
    set_gpu_math({.tf32 = tf32});
    EXPECT_EQ(context.allowTF32CuBLAS(), tf32);
    EXPECT_EQ(context.allowTF32CuDNN(), tf32);
    EXPECT_TRUE(context.benchmarkCuDNN());
    EXPECT_FALSE(context.userEnabledCuDNNSDP());
  }
}

TEST(GpuMath, IsDeterministicOnlyIfAskedFor) {
  unsetenv("CUBLAS_WORKSPACE_CONFIG");
  const auto& context = at::globalContext();
  for (const bool deterministic : {true, false}) {
    set_gpu_math({.deterministic = deterministic});
    EXPECT_EQ(context.deterministicAlgorithms(), deterministic);
    EXPECT_EQ(context.deterministicCuDNN(), deterministic);
    EXPECT_EQ(context.benchmarkCuDNN(), !deterministic);
    EXPECT_EQ(context.userEnabledFlashSDP(), !deterministic);
    EXPECT_EQ(context.userEnabledMemEfficientSDP(), !deterministic);
  }
  EXPECT_STREQ(std::getenv("CUBLAS_WORKSPACE_CONFIG"), ":4096:8");
}

}  // namespace
}  // namespace realface
