#include "data/codec/codec.h"

#define ZSTD_STATIC_LINKING_ONLY  // for ZSTD_c_literalCompressionMode, a setting of the encoder
#include <zstd.h>

#include <cstring>
#include <memory>
#include <vector>

#include "base/error.h"
#include "data/codec/kernels.h"
#include "data/codec/pictures.h"

namespace realface::data {
namespace {

constexpr int kMaskLevel = 3;
// What the filters leave of a face is noise: a match in it is short, and costs more to follow than the literals that it
// saves. So a search that skims (it still finds what is flat), matches of 7 bytes or more, Huffman codes for literals,
// which such a level leaves out by itself, and a block, and with it a code, for each plane. Beside level 3 the frames
// of face crops come out 7 % larger and decode in 0.62 of the time (benchmarks/codec_benchmark.cpp).
constexpr int kFrameLevel = -400;
constexpr int kFrameMinMatch = 7;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// What a thread keeps between calls: contexts are dear to make.
struct Scratch {
  std::unique_ptr<ZSTD_CCtx, FreeContext> compressor;
  std::unique_ptr<ZSTD_DCtx, FreeContext> expander;
  std::vector<uint8_t> planes;

  uint8_t* room(size_t size) {
    if (planes.size() < size) { planes.resize(size); }
    return planes.data();
  }
};

Scratch& scratch() {
  thread_local Scratch mine;
  return mine;
}

size_t picture_bytes(int height, int width, size_t channels) {
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) {
    throw DataError("[codec] a picture of " + std::to_string(height) + " x " + std::to_string(width) +
                    " pixels; sides go from 1 to " + std::to_string(kMaxSide));
  }
  return static_cast<size_t>(height) * static_cast<size_t>(width) * channels;
}

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  const size_t done = ZSTD_CCtx_setParameter(context, parameter, value);
  if (ZSTD_isError(done)) { throw Error(std::string("[codec] zstd refuses a setting: ") + ZSTD_getErrorName(done)); }
}

ZSTD_CCtx* new_frame() {
  auto& context = scratch().compressor;
  if (!context) { context.reset(ZSTD_createCCtx()); }
  ZSTD_CCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  return context.get();
}

/// One zstd frame whose blocks end where each of the `parts` equal parts of `bytes` ends.
std::string compress(ZSTD_CCtx* context, const uint8_t* bytes, size_t size, size_t parts) {
  std::string out(ZSTD_compressBound(size) + 64 * parts, '\0');
  ZSTD_outBuffer target{out.data(), out.size(), 0};
  ZSTD_CCtx_setPledgedSrcSize(context, size);
  for (size_t part = 1; part <= parts; ++part) {
    ZSTD_inBuffer source{bytes, size / parts * part, size / parts * (part - 1)};
    const size_t left = ZSTD_compressStream2(context, &target, &source, part == parts ? ZSTD_e_end : ZSTD_e_flush);
    if (ZSTD_isError(left)) { throw Error(std::string("[codec] zstd cannot compress: ") + ZSTD_getErrorName(left)); }
    if (left != 0) {
      throw Error("[codec] zstd wants more room than its bound for " + std::to_string(size) + " bytes");
    }
  }
  out.resize(target.pos);
  out.shrink_to_fit();
  return out;
}

/// Frames carry a CRC in the index and need no checksum of zstd's.
std::string compress_planes(const uint8_t* planes, size_t size) {
  ZSTD_CCtx* context = new_frame();
  set(context, ZSTD_c_compressionLevel, kFrameLevel);
  set(context, ZSTD_c_minMatch, kFrameMinMatch);
  set(context, ZSTD_c_literalCompressionMode, ZSTD_ps_enable);
  return compress(context, planes, size, 3);
}

std::string compress_bits(const std::vector<uint8_t>& bits) {
  ZSTD_CCtx* context = new_frame();
  set(context, ZSTD_c_compressionLevel, kMaskLevel);
  set(context, ZSTD_c_checksumFlag, 1);
  return compress(context, bits.data(), bits.size(), 1);
}

/// The output's size is ours, never the blob's claim.
void expand(std::span<const std::byte> blob, uint8_t* out, size_t size) {
  auto& context = scratch().expander;
  if (!context) { context.reset(ZSTD_createDCtx()); }
  const size_t got = ZSTD_decompressDCtx(context.get(), out, size, blob.data(), blob.size());
  if (ZSTD_isError(got)) {
    throw DataError(std::string("[codec] a blob of ") + std::to_string(blob.size()) +
                    " bytes is damaged: " + ZSTD_getErrorName(got) + "; expected a zstd frame of " +
                    std::to_string(size) + " bytes; run `realface verify` on the shards");
  }
  if (got != size) {
    throw DataError("[codec] a blob expands to " + std::to_string(got) + " bytes; the picture has " +
                    std::to_string(size) + "; run `realface verify` on the shards");
  }
}

void decode_raw(std::span<const std::byte> blob, size_t size, uint8_t* rgb_out) {
  if (blob.size() != size) {
    throw DataError("[codec] a raw blob has " + std::to_string(blob.size()) + " bytes; the picture has " +
                    std::to_string(size) + "; run `realface verify` on the shards");
  }
  std::memcpy(rgb_out, blob.data(), size);
}

std::string encode_gdiff(const uint8_t* rgb, int height, int width) {
  const size_t size = picture_bytes(height, width, 3);
  uint8_t* planes = scratch().room(size);
  filter_planes(rgb, height, width, planes);
  return compress_planes(planes, size);
}

void decode_gdiff(std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out) {
  const size_t size = picture_bytes(height, width, 3);
  uint8_t* planes = scratch().room(size);
  expand(blob, planes, size);
  restore_planes(planes, height, width, rgb_out);
}

}  // namespace

std::string encode_frame(CodecConfig config, const uint8_t* rgb, int height, int width) {
  const size_t size = picture_bytes(height, width, 3);
  switch (config.codec) {
    case Codec::raw:
      return {reinterpret_cast<const char*>(rgb), size};
    case Codec::gdiff_up_zstd:
      return encode_gdiff(rgb, height, width);
    case Codec::png:
      return encode_png(rgb, height, width);
    case Codec::jpeg:
      return encode_jpeg(config, rgb, height, width);
  }
  return {};
}

void decode_frame(CodecConfig config, std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out) {
  const size_t size = picture_bytes(height, width, 3);
  switch (config.codec) {
    case Codec::raw:
      return decode_raw(blob, size, rgb_out);
    case Codec::gdiff_up_zstd:
      return decode_gdiff(blob, height, width, rgb_out);
    case Codec::png:
      return decode_png(blob, height, width, rgb_out);
    case Codec::jpeg:
      return decode_jpeg(blob, height, width, rgb_out);
  }
}

std::string encode_mask(const uint8_t* mask, int height, int width) {
  const size_t pixels = picture_bytes(height, width, 1);
  std::vector<uint8_t> bits((pixels + 7) / 8);
  for (size_t i = 0; i < pixels; ++i) {
    if (mask[i] != 0) { bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | (0x80U >> (i % 8))); }
  }
  return compress_bits(bits);
}

void decode_mask(std::span<const std::byte> blob, int height, int width, uint8_t* mask_out) {
  const size_t pixels = picture_bytes(height, width, 1);
  const size_t size = (pixels + 7) / 8;
  uint8_t* bits = scratch().room(size);
  expand(blob, bits, size);
  for (size_t i = 0; i < pixels; ++i) { mask_out[i] = static_cast<uint8_t>((bits[i / 8] >> (7 - i % 8)) & 1U); }
}

void refuse_picture(const char* format, std::span<const std::byte> blob, const std::string& what) {
  throw DataError("[codec] a blob of " + std::to_string(blob.size()) + " bytes is no such " + format + ": " + what +
                  "; run `realface verify` on the shards");
}

}  // namespace realface::data
