#include <png.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "data/codec/pictures.h"

// libpng's simplified interface: it keeps its own errors (no longjmp through our frames, no printing) and checks the
// size of the buffer that it fills.
namespace realface::data {
namespace {

/// The last chunk. libpng stops at the last pixel, so a file that was cut after it would pass.
constexpr std::array<uint8_t, 12> kEnd = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};

/// An image that gives its memory back, whatever happens.
struct Image : png_image {
  Image() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(this); }
  Image(const Image&) = delete;
  Image& operator=(const Image&) = delete;
};

bool ends_as_png(std::span<const std::byte> blob) {
  if (blob.size() < kEnd.size()) { return false; }
  return std::ranges::equal(blob.last(kEnd.size()), std::as_bytes(std::span(kEnd)));
}

}  // namespace

std::string encode_png(const uint8_t* rgb, int height, int width) {
  Image image;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  std::string out(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = out.size();
  if (png_image_write_to_memory(&image, out.data(), &size, 0, rgb, 0, nullptr) == 0) {
    throw Error(std::string("[codec] libpng cannot compress: ") + image.message);
  }
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

void decode_png(std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out) {
  if (!ends_as_png(blob)) { refuse_picture("PNG", blob, "it does not end as a PNG does"); }
  Image image;
  if (png_image_begin_read_from_memory(&image, blob.data(), blob.size()) == 0) {
    refuse_picture("PNG", blob, image.message);
  }
  if (image.width != static_cast<png_uint_32>(width) || image.height != static_cast<png_uint_32>(height)) {
    refuse_picture("PNG", blob,
                   "it has " + std::to_string(image.height) + " x " + std::to_string(image.width) +
                       " pixels; expected " + std::to_string(height) + " x " + std::to_string(width));
  }
  if (image.format != PNG_FORMAT_RGB) { refuse_picture("PNG", blob, "it is not RGB of 8 bits a channel"); }
  if (png_image_finish_read(&image, nullptr, rgb_out, 0, nullptr) == 0) { refuse_picture("PNG", blob, image.message); }
}

}  // namespace realface::data
