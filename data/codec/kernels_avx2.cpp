#include <immintrin.h>

#include <cstddef>

#include "data/codec/kernels.h"

// Functions carry their target by attribute, not by a compiler flag on the file: a flag would let AVX2 into inline
// functions that the linker may pick for the whole program.
#define REALFACE_AVX2 __attribute__((target("avx2")))

namespace realface::data {
namespace {

/// Byte p of a 16-byte lane takes pixel 11 (p - c) mod 16, so that channel c lands where 3 k + c = p (mod 16); blending
/// the three channels then gives 48 interleaved bytes.
struct Shuffles {
  __m256i red, green, blue, first, second;
};

REALFACE_AVX2 Shuffles shuffles() {
  alignas(32) int8_t table[5][32];
  for (int p = 0; p < 32; ++p) {
    const int position = p % 16;
    for (int channel = 0; channel < 3; ++channel) {
      table[channel][p] = static_cast<int8_t>((11 * (position - channel + 16)) % 16);
    }
    table[3][p] = static_cast<int8_t>(position % 3 == 0 ? -1 : 0);
    table[4][p] = static_cast<int8_t>(position % 3 == 1 ? -1 : 0);
  }
  const auto load = [&](int row)
                        REALFACE_AVX2 { return _mm256_load_si256(reinterpret_cast<const __m256i*>(table[row])); };
  return {load(0), load(1), load(2), load(3), load(4)};
}

REALFACE_AVX2 inline __m256i load(const uint8_t* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

REALFACE_AVX2 inline void store(uint8_t* at, __m256i value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(at), value);
}

/// Takes `a` where p mod 3 is 0, `b` where it is 1, `c` where it is 2.
REALFACE_AVX2 inline __m256i pick(const Shuffles& s, __m256i a, __m256i b, __m256i c) {
  return _mm256_blendv_epi8(_mm256_blendv_epi8(c, b, s.second), a, s.first);
}

/// Writes 32 pixels, 96 bytes.
REALFACE_AVX2 inline void store_rgb(const Shuffles& s, __m256i red, __m256i green, __m256i blue, uint8_t* out) {
  const __m256i r = _mm256_shuffle_epi8(red, s.red);
  const __m256i g = _mm256_shuffle_epi8(green, s.green);
  const __m256i b = _mm256_shuffle_epi8(blue, s.blue);
  const __m256i v0 = pick(s, r, g, b), v1 = pick(s, g, b, r), v2 = pick(s, b, r, g);
  store(out, _mm256_permute2x128_si256(v0, v1, 0x20));
  store(out + 32, _mm256_permute2x128_si256(v2, v0, 0x30));
  store(out + 64, _mm256_permute2x128_si256(v1, v2, 0x31));
}

}  // namespace

bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }

// Strips of 32 columns, top to bottom: the row above stays in registers, so each plane is read once and never written.
REALFACE_AVX2 int restore_planes_avx2(const uint8_t* planes, int height, int width, uint8_t* rgb) {
  const Shuffles s = shuffles();
  const auto w = static_cast<size_t>(width);
  const size_t size = static_cast<size_t>(height) * w;
  const size_t whole = w / 32 * 32;
  for (size_t x = 0; x < whole; x += 32) {
    __m256i green = _mm256_setzero_si256(), red = green, blue = green;
    const uint8_t* in = planes + x;
    uint8_t* out = rgb + 3 * x;
    for (int row = 0; row < height; ++row, in += w, out += 3 * w) {
      green = _mm256_add_epi8(green, load(in));
      red = _mm256_add_epi8(red, load(in + size));
      blue = _mm256_add_epi8(blue, load(in + 2 * size));
      store_rgb(s, _mm256_add_epi8(red, green), green, _mm256_add_epi8(blue, green), out);
    }
  }
  return static_cast<int>(whole);
}

}  // namespace realface::data
