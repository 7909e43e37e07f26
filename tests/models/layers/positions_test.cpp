#include "models/layers/positions.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace realface::models {
namespace {

TEST(SincosPositions, TheClassTokensRowIsZero) {
  const auto table = sincos_positions(768, 14);
  ASSERT_EQ(table.sizes(), (std::vector<int64_t>{1, 197, 768}));
  EXPECT_EQ(table[0][0].abs().max().item<float>(), 0.0f);
}

TEST(SincosPositions, TheColumnComesFirst) {
  // Patch (0, 1) is the second: sines and cosines of the column, then those of row 0.
  const auto row = sincos_positions(768, 14)[0][2];
  for (const int64_t k : {0, 1, 77, 191}) {
    const double rate = std::pow(10000.0, -static_cast<double>(k) / 192.0);
    EXPECT_FLOAT_EQ(row[k].item<float>(), static_cast<float>(std::sin(rate)));
    EXPECT_FLOAT_EQ(row[192 + k].item<float>(), static_cast<float>(std::cos(rate)));
    EXPECT_EQ(row[384 + k].item<float>(), 0.0f);
    EXPECT_EQ(row[576 + k].item<float>(), 1.0f);
  }
}

TEST(SincosPositions, RowAndColumnMirrorEachOther) {
  const auto table = sincos_positions(32, 5)[0];
  const auto patch = table[1 + 5 * 3 + 2];   // (3, 2)
  const auto mirror = table[1 + 5 * 2 + 3];  // (2, 3)
  EXPECT_TRUE(patch.narrow(0, 0, 16).equal(mirror.narrow(0, 16, 16)));
  EXPECT_TRUE(patch.narrow(0, 16, 16).equal(mirror.narrow(0, 0, 16)));
}

TEST(SinusoidPositions, SinesAndCosinesOfATokensNumberTakeTurns) {
  const auto table = sinusoid_positions(384, 1568);
  ASSERT_EQ(table.sizes(), (std::vector<int64_t>{1, 1568, 384}));
  for (const int64_t token : {0, 1, 1567}) {
    for (const int64_t pair : {0, 5, 191}) {
      const double angle = static_cast<double>(token) / std::pow(10000.0, 2.0 * static_cast<double>(pair) / 384);
      EXPECT_FLOAT_EQ(table[0][token][2 * pair].item<float>(), static_cast<float>(std::sin(angle)));
      EXPECT_FLOAT_EQ(table[0][token][2 * pair + 1].item<float>(), static_cast<float>(std::cos(angle)));
    }
  }
}

TEST(SincosPositions, AWidthThatFourDoesNotDivideIsRefused) { EXPECT_THROW(sincos_positions(30, 4), ConfigError); }

}  // namespace
}  // namespace realface::models
