#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "data/codec/codec.h"

/// The two codecs that other programs read too. Internal to the codec: sides were checked by the caller. Decoders keep
/// the promises of decode_frame; the size in a blob's own header must be the expected one before anything is allocated.
namespace realface::data {

std::string encode_png(const uint8_t* rgb, int height, int width);
void decode_png(std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out);

std::string encode_jpeg(CodecConfig config, const uint8_t* rgb, int height, int width);
void decode_jpeg(std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out);

/// Throws DataError: `blob` is not the picture that it should be. `format` is "PNG" or "JPEG".
[[noreturn]] void refuse_picture(const char* format, std::span<const std::byte> blob, const std::string& what);

}  // namespace realface::data
