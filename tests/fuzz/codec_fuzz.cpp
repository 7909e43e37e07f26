// The decoders of frames and masks under libFuzzer (`make fuzz`); tests/fuzz/replay_test.cpp calls the same entry.

#include "tests/fuzz/codec_fuzz.h"

#include <memory>

#include "base/error.h"
#include "data/codec/codec.h"

namespace realface::data::fuzz {
namespace {

constexpr Codec kCodecs[] = {Codec::raw, Codec::gdiff_up_zstd, Codec::png, Codec::jpeg};

}  // namespace

bool decode_input(const uint8_t* data, size_t size) {
  if (size < 2) { return false; }
  const int kind = data[0] % kKinds;
  const auto [height, width] = kSizes[data[1] % kSizeCount];
  const size_t pixels = static_cast<size_t>(height) * static_cast<size_t>(width);
  // Copies of their exact sizes, so that the sanitizer sees one byte too far on either side.
  const auto blob = std::make_unique<std::byte[]>(size - 2);
  for (size_t i = 2; i < size; ++i) { blob[i - 2] = static_cast<std::byte>(data[i]); }
  const auto out = std::make_unique<uint8_t[]>(3 * pixels);
  const std::span<const std::byte> bytes(blob.get(), size - 2);
  try {
    if (kind + 1 == kKinds) {
      decode_mask(bytes, height, width, out.get());
    } else {
      decode_frame(kCodecs[kind], bytes, height, width, out.get());
    }
  } catch (const DataError&) { return false; }
  return true;
}

}  // namespace realface::data::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  realface::data::fuzz::decode_input(data, size);
  return 0;
}
