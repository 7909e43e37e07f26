#include "base/kernels.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

namespace realface {
namespace {

TEST(GpuMath, TakesTf32OnlyIfAskedForAndNeverCudnnsAttention) {
  const auto& context = at::globalContext();
  for (const bool tf32 : {true, false}) {
    set_gpu_math(tf32);
    EXPECT_EQ(context.allowTF32CuBLAS(), tf32);
    EXPECT_EQ(context.allowTF32CuDNN(), tf32);
    EXPECT_TRUE(context.benchmarkCuDNN());
    EXPECT_FALSE(context.userEnabledCuDNNSDP());
  }
}

}  // namespace
}  // namespace realface
