#include "base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace realface {
namespace {

constexpr uint32_t kPolynomial = 0x82F63B78u;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) { crc = (crc >> 1) ^ ((crc & 1u) != 0 ? kPolynomial : 0u); }
    table[i] = crc;
  }
  return table;
}
constexpr auto kTable = make_table();

uint32_t by_table(const uint8_t* data, size_t size, uint32_t crc) {
  for (size_t i = 0; i < size; ++i) { crc = (crc >> 8) ^ kTable[(crc ^ data[i]) & 0xFFu]; }
  return crc;
}

#if defined(__x86_64__)

// The instruction has a latency of three cycles and a throughput of one: three independent streams over blocks of this
// size fill it.
constexpr size_t kBlock = 1024;

/// The operator "append kBlock zero bytes" on a CRC, as four tables of one byte each.
using ShiftTable = std::array<std::array<uint32_t, 256>, 4>;

ShiftTable make_shift_table() {
  std::array<uint32_t, 32> columns{};
  for (size_t bit = 0; bit < 32; ++bit) {
    uint32_t crc = 1u << bit;
    for (size_t i = 0; i < kBlock; ++i) { crc = (crc >> 8) ^ kTable[crc & 0xFFu]; }
    columns[bit] = crc;
  }
  ShiftTable table{};
  for (size_t byte = 0; byte < 4; ++byte) {
    for (size_t value = 0; value < 256; ++value) {
      for (size_t bit = 0; bit < 8; ++bit) {
        if ((value >> bit) & 1u) { table[byte][value] ^= columns[byte * 8 + bit]; }
      }
    }
  }
  return table;
}

uint32_t shift(const ShiftTable& table, uint32_t crc) {
  return table[0][crc & 0xFFu] ^ table[1][(crc >> 8) & 0xFFu] ^ table[2][(crc >> 16) & 0xFFu] ^ table[3][crc >> 24];
}

uint64_t load(const uint8_t* data) {
  uint64_t word = 0;
  std::memcpy(&word, data, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) uint32_t by_instruction(const uint8_t* data, size_t size, uint32_t crc) {
  static const ShiftTable kShift = make_shift_table();
  while (size >= 3 * kBlock) {
    uint64_t a = crc;
    uint64_t b = 0;
    uint64_t c = 0;
    for (size_t i = 0; i < kBlock; i += 8) {
      a = _mm_crc32_u64(a, load(data + i));
      b = _mm_crc32_u64(b, load(data + kBlock + i));
      c = _mm_crc32_u64(c, load(data + 2 * kBlock + i));
    }
    crc = shift(kShift, shift(kShift, static_cast<uint32_t>(a)) ^ static_cast<uint32_t>(b)) ^ static_cast<uint32_t>(c);
    data += 3 * kBlock;
    size -= 3 * kBlock;
  }
  uint64_t wide = crc;
  for (; size >= 8; data += 8, size -= 8) { wide = _mm_crc32_u64(wide, load(data)); }
  return by_table(data, size, static_cast<uint32_t>(wide));
}

bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }

#else

uint32_t by_instruction(const uint8_t* data, size_t size, uint32_t crc) { return by_table(data, size, crc); }
bool has_instruction() { return false; }

#endif

}  // namespace

uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc) {
  static const bool kFast = has_instruction();
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  crc = ~crc;
  crc = kFast ? by_instruction(data, bytes.size(), crc) : by_table(data, bytes.size(), crc);
  return ~crc;
}

}  // namespace realface
