#include <turbojpeg.h>

#include <memory>

#include "base/error.h"
#include "data/codec/pictures.h"

namespace realface::data {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, Destroy>;

/// A new one for each picture, though that costs some microseconds: an old one keeps the tables of the last JPEG for
/// one that lacks its own, and the state of a header that could not be read.
Handle fresh(tjhandle (*make)()) {
  Handle handle(make());
  if (!handle) { throw Error(std::string("[codec] libjpeg-turbo cannot start: ") + tjGetErrorStr2(nullptr)); }
  return handle;
}

int sampling(Chroma chroma) {
  return chroma == Chroma::full ? TJSAMP_444 : chroma == Chroma::half ? TJSAMP_422 : TJSAMP_420;
}

}  // namespace

std::string encode_jpeg(CodecConfig config, const uint8_t* rgb, int height, int width) {
  const Handle compressor = fresh(tjInitCompress);
  const int subsampling = sampling(config.chroma);
  std::string out(tjBufSize(width, height, subsampling), '\0');
  auto* bytes = reinterpret_cast<unsigned char*>(out.data());
  unsigned long size = out.size();
  if (tjCompress2(compressor.get(), rgb, width, 0, height, TJPF_RGB, &bytes, &size, subsampling, config.quality,
                  TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC) != 0) {
    throw Error(std::string("[codec] libjpeg-turbo cannot compress: ") + tjGetErrorStr2(compressor.get()));
  }
  out.resize(size);
  out.shrink_to_fit();
  return out;
}

void decode_jpeg(std::span<const std::byte> blob, int height, int width, uint8_t* rgb_out) {
  const Handle expander = fresh(tjInitDecompress);
  const auto* bytes = reinterpret_cast<const unsigned char*>(blob.data());
  int found_width = 0, found_height = 0, subsampling = 0, colours = 0;
  if (blob.empty() || tjDecompressHeader3(expander.get(), bytes, blob.size(), &found_width, &found_height, &subsampling,
                                          &colours) != 0) {
    refuse_picture("JPEG", blob, blob.empty() ? "it is empty" : tjGetErrorStr2(expander.get()));
  }
  if (found_width != width || found_height != height) {
    refuse_picture("JPEG", blob,
                   "it has " + std::to_string(found_height) + " x " + std::to_string(found_width) +
                       " pixels; expected " + std::to_string(height) + " x " + std::to_string(width));
  }
  if (colours != TJCS_YCbCr) { refuse_picture("JPEG", blob, "it is not YCbCr"); }
  // A warning is damage that libjpeg-turbo would paint over, such as an early end; a limit on scans keeps a small blob
  // from taking long.
  if (tjDecompress2(expander.get(), bytes, blob.size(), rgb_out, width, 0, height, TJPF_RGB,
                    TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0) {
    refuse_picture("JPEG", blob, tjGetErrorStr2(expander.get()));
  }
}

}  // namespace realface::data
