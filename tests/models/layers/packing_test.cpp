#include "models/layers/packing.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "models/layers/block.h"
#include "models/layers/init.h"
#include "tests/models/close.h"

namespace realface::models {
namespace {

/// Three samples of 3, 7 and 1 rows, padded to 7; whose padding is not only at the end.
torch::Tensor some_valid() {
  auto valid = (at::arange(7) < at::tensor({3, 7, 1}).unsqueeze(1)).contiguous();
  valid[0][0] = false;
  valid[0][5] = true;
  return valid;
}

TEST(Packing, NamesTheRowsThatCountAndTheFirstOfEachSample) {
  const auto packing = packing_of(some_valid(), 11);
  EXPECT_TRUE(packing.rows.equal(at::tensor({1, 2, 5, 7, 8, 9, 10, 11, 12, 13, 14}, torch::kLong)));
  EXPECT_TRUE(packing.starts.equal(at::tensor({0, 3, 10, 11}, torch::kInt)));
  EXPECT_EQ(packing.longest, 7);
}

TEST(Packing, IsUndoneWithZerosForPadding) {
  const auto x = at::randn({3, 7, 4}), valid = some_valid();
  const auto packing = packing_of(valid, 11);
  const auto again = unpacked(packed(x, packing), packing, 3, 7);
  EXPECT_TRUE(again.equal(x * valid.unsqueeze(-1)));
}

class PackedBlocks : public ::testing::Test {
 protected:
  void SetUp() override {
    const torch::NoGradGuard no_grad;
    for (auto& item : blocks_.named_parameters()) { init_normal(item.value(), 0.5, 1, item.key()); }
  }

  /// The blocks' valid rows and all gradients, that of x first.
  std::vector<torch::Tensor> outcome(int64_t packed) {
    const auto x = x_.clone().requires_grad_();
    blocks_.zero_grad();
    const auto rows = blocks_.forward_valid(x, valid_, packed) * valid_.unsqueeze(-1);
    (rows * wanted_).sum().backward();
    std::vector<torch::Tensor> all{rows.detach(), x.grad()};
    for (const auto& parameter : blocks_.parameters()) { all.push_back(parameter.grad().clone()); }
    return all;
  }

  Blocks blocks_{2, 8, 2, 4, QkvBias::queries_and_values};
  torch::Tensor valid_ = some_valid(), x_ = at::randn({3, 7, 8}), wanted_ = at::randn({3, 7, 8});
};

TEST_F(PackedBlocks, GiveThePaddedOnesRowsAndGradients) {
  const auto padded = outcome(0), packed = outcome(11);
  ASSERT_EQ(padded.size(), packed.size());
  for (size_t i = 0; i < padded.size(); ++i) { expect_close(packed[i], padded[i], std::to_string(i)); }
}

TEST_F(PackedBlocks, DoNotSeePadding) {
  const auto before = outcome(11);
  x_ = x_ + 100 * at::rand({3, 7, 8}) * ~valid_.unsqueeze(-1);
  const auto after = outcome(11);
  for (size_t i = 0; i < before.size(); ++i) { EXPECT_TRUE(before[i].equal(after[i])) << i; }
}

}  // namespace
}  // namespace realface::models
