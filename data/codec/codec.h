#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// Pixels to bytes and back: how a shard stores its frames and masks (docs/shards.md). Without loss, but for jpeg.
namespace realface::data {

inline constexpr int kMaxSide = 16384;  // pixels, of a picture

/// How the frames of a shard are stored; one for all frames of a dataset.
enum class Codec : uint8_t {
  raw,            // height x width x 3 bytes
  gdiff_up_zstd,  // planes G, R-G, B-G; each row minus the row above; one zstd frame, of a block a plane
  png,            // 8 bits a channel, no palette, no alpha
  jpeg,           // YCbCr; accurate DCT both ways, fancy upsampling
};

/// How many pixels share one chroma sample of a JPEG: one (4:4:4), two in a row (4:2:2), two by two (4:2:0).
enum class Chroma : uint8_t { full, half, quarter };

/// A codec with what its encoder must know besides; a decoder looks at `codec` alone. What `codec` does not use stays
/// at its default, so that equal configurations give equal bytes.
struct CodecConfig {
  Codec codec = Codec::gdiff_up_zstd;
  int quality = 95;              // jpeg: 1 to 100
  Chroma chroma = Chroma::full;  // jpeg

  constexpr CodecConfig() = default;
  constexpr CodecConfig(Codec kind) : codec(kind) {}  // implicit: most codecs need no more than their name
  /// jpeg. Throws DataError for a quality outside 1 to 100 or a subsampling that chroma_by_name does not know.
  static CodecConfig jpeg(int quality, const std::string& subsampling);
  bool operator==(const CodecConfig&) const = default;
  bool lossless() const { return codec != Codec::jpeg; }
};

/// "raw", "gdiff-up-zstd", "png" or "jpeg".
const char* codec_name(CodecConfig config);
/// The codec of that name; DataError names the nearest where there is none.
Codec codec_by_name(const std::string& name);
/// "4:4:4", "4:2:2" or "4:2:0".
const char* chroma_name(Chroma chroma);
/// The sampling of that name; DataError where there is none.
Chroma chroma_by_name(const std::string& name);

/// The settings of the encoder, for the record: "zstd level -400, ...". Those of jpeg begin with what decides its
/// pixels: "quality 95, subsampling 4:4:4, ...".
std::string codec_params(CodecConfig config);
/// The inverse of codec_name and codec_params. Only jpeg has `params` that matter; DataError where they do not say
/// quality and subsampling.
CodecConfig codec_config(const std::string& name, const std::string& params);

/// Encodes `rgb`, u8 [height, width, 3] without gaps. Deterministic. Thread-safe.
std::string encode_frame(CodecConfig config, const uint8_t* rgb, int height, int width);

/// Decodes into `rgb_out`, u8 [height, width, 3]. Throws DataError for a blob that does not hold exactly such a
/// picture; never reads or writes outside its arguments, whatever the bytes, and allocates by the size that is asked
/// for, never by one that the blob claims. After a throw `rgb_out` holds anything. Thread-safe; each thread keeps its
/// scratch memory.
void decode_frame(CodecConfig config, std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out);

/// Encodes a mask, one byte a pixel, nonzero = tampered, u8 [height, width], as packed bits (row-major, most
/// significant bit first, no gaps between rows) in one zstd frame with its content checksum.
std::string encode_mask(const uint8_t* mask, int height, int width);

/// Decodes into `mask_out`, u8 [height, width] of 0 and 1. Throws as decode_frame does, and for a wrong checksum.
void decode_mask(std::span<const std::byte> blob, int height, int width, uint8_t* mask_out);

inline std::span<const std::byte> as_blob(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

}  // namespace realface::data
