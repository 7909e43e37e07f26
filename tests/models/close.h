#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <string>

namespace realface::models {

/// max|a - b| <= 1e-5 max(1, max|b|).
inline void expect_close(const torch::Tensor& ours, const torch::Tensor& theirs, const std::string& what) {
  ASSERT_EQ(ours.sizes(), theirs.sizes()) << what;
  const double distance = (ours - theirs).abs().max().item<double>();
  EXPECT_LE(distance, 1e-5 * std::max(1.0, theirs.abs().max().item<double>())) << what;
}

}  // namespace realface::models
