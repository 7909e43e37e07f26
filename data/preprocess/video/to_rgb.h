#pragma once

#include <string>

#include "data/preprocess/video/demuxer.h"
#include "data/preprocess/video/picture.h"

struct SwsContext;

namespace realface::data::preprocess {

/// Decoded frames to full-range RGB by kColourRule, with accurate rounding and full chroma: bit-exact from run to run.
class RgbConverter {
 public:
  RgbConverter() = default;
  ~RgbConverter();
  RgbConverter(const RgbConverter&) = delete;
  RgbConverter& operator=(const RgbConverter&) = delete;

  /// Throws DataError for a pixel format that cannot be converted.
  Picture convert(const AVFrame& frame, int rotation, const std::string& path);

 private:
  SwsContext* scaler_ = nullptr;
  int width_ = 0, height_ = 0, format_ = -1, matrix_ = -1, full_ = -1;
};

/// "bt601 limited" or the like, of what a stream states.
std::string colour_name(const AVCodecParameters& stream);

}  // namespace realface::data::preprocess
