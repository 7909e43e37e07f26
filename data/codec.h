#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

/// Pixels to bytes and back, without loss: how a shard stores its frames and masks (docs/shards.md).
namespace realface::data {

/// How the frames of a shard are stored; one for all frames of a dataset.
enum class Codec : uint8_t {
  raw,            // height x width x 3 bytes
  gdiff_up_zstd,  // planes G, R-G, B-G; each row minus the row above; the three planes as one zstd frame, level 3
};

/// "raw" or "gdiff-up-zstd".
const char* codec_name(Codec codec);
/// The codec of that name; DataError names the nearest where there is none.
Codec codec_by_name(const std::string& name);
/// The settings a reader need not know, for the record: "zstd level 3, minmatch 6".
const char* codec_params(Codec codec);

/// Encodes `rgb`, u8 [height, width, 3] without gaps. Deterministic. Thread-safe.
std::string encode_frame(Codec codec, const uint8_t* rgb, int height, int width);

/// Decodes into `rgb_out`, u8 [height, width, 3]. Throws DataError for a blob that does not hold exactly such a
/// picture; never reads or writes outside its arguments, whatever the bytes. Thread-safe; each thread keeps its
/// scratch memory.
void decode_frame(Codec codec, std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out);

/// Encodes a mask, one byte a pixel, nonzero = tampered, u8 [height, width], as packed bits (row-major, most
/// significant bit first, no gaps between rows) in one zstd frame with its content checksum.
std::string encode_mask(const uint8_t* mask, int height, int width);

/// Decodes into `mask_out`, u8 [height, width] of 0 and 1. Throws as decode_frame does, and for a wrong checksum.
void decode_mask(std::span<const std::byte> blob, int height, int width, uint8_t* mask_out);

inline std::span<const std::byte> as_blob(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

}  // namespace realface::data
