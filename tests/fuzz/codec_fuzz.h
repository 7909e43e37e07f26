#pragma once

#include <cstddef>
#include <cstdint>

namespace realface::data::fuzz {

/// Kinds of blob, as the first byte of an input chooses them (modulo their number): the four codecs in the order of
/// Codec, then masks. The second byte chooses the size of the picture in the same way; the rest is the blob.
inline constexpr int kKinds = 5;
inline constexpr struct {
  int height, width;
} kSizes[] = {{1, 1}, {16, 16}, {7, 33}, {32, 64}, {224, 224}};
inline constexpr int kSizeCount = 5;

/// Decodes an input into memory of exactly the picture's size. True where it holds such a picture, false where the
/// decoder refused it with DataError; anything else (another exception, a byte out of bounds) is a finding.
bool decode_input(const uint8_t* data, size_t size);

}  // namespace realface::data::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
