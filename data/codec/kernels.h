#pragma once

#include <cstdint>

/// The two inner loops of gdiff-up-zstd. `planes`: three planes of height x width bytes; `rgb`: u8 [height, width, 3].
namespace realface::data {

/// RGB to the planes G, R-G, B-G modulo 256, each row but the first minus the row above.
void filter_planes(const uint8_t* rgb, int height, int width, uint8_t* planes);

/// The inverse of filter_planes. Uses `planes` as scratch. Takes the AVX2 way where the processor has it.
void restore_planes(uint8_t* planes, int height, int width, uint8_t* rgb);

/// The two ways, for their test: columns from `first_column` on by plain loops, and all whole strips of 32 columns by
/// AVX2, which returns how many columns it restored.
void restore_planes_plain(uint8_t* planes, int height, int width, int first_column, uint8_t* rgb);
int restore_planes_avx2(const uint8_t* planes, int height, int width, uint8_t* rgb);
bool has_avx2();

}  // namespace realface::data
