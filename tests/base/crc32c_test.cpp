#include "base/crc32c.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

namespace realface {
namespace {

/// The definition, bit by bit: an oracle that shares no table and no instruction with the code under test.
uint32_t bit_by_bit(const std::string& bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char byte : bytes) {
    crc ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) { crc = (crc & 1u) != 0 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1; }
  }
  return ~crc;
}

std::string pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) { bytes[i] = static_cast<char>((i * 131 + (i >> 7) * 17) & 0xFF); }
  return bytes;
}

TEST(Crc32c, GivesTheAnswersOfRfc3720) {
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xFF');
  std::string ascending(32, '\0');
  std::iota(ascending.begin(), ascending.end(), '\0');
  EXPECT_EQ(crc32c(zeros.data(), 32), 0x8A9136AAu);
  EXPECT_EQ(crc32c(ones.data(), 32), 0x62A8AB43u);
  EXPECT_EQ(crc32c(ascending.data(), 32), 0x46DD794Eu);
  EXPECT_EQ(crc32c("123456789", 9), 0xE3069283u);
}

TEST(Crc32c, EqualsTheDefinitionAroundItsBlockSizes) {
  for (const size_t size : {0u, 1u, 7u, 8u, 9u, 1023u, 3071u, 3072u, 3073u, 6151u, 20000u}) {
    const std::string bytes = pattern(size);
    EXPECT_EQ(crc32c(bytes.data(), size), bit_by_bit(bytes)) << size << " bytes";
  }
}

TEST(Crc32c, ContinuesAnEarlierSum) {
  const std::string bytes = pattern(5000);
  const uint32_t first = crc32c(bytes.data(), 1234);
  EXPECT_EQ(crc32c(bytes.data() + 1234, bytes.size() - 1234, first), crc32c(bytes.data(), bytes.size()));
}

}  // namespace
}  // namespace realface
