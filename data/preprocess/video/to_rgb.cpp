#include "data/preprocess/video/to_rgb.h"

#include <opencv2/core.hpp>

extern "C" {
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include "base/error.h"
#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

constexpr int kHighDefinition = 720;  // lines: what says nothing of its matrix is bt709 from here on

int matrix_of(AVColorSpace space, int height) {
  switch (space) {
    case AVCOL_SPC_BT709:
      return SWS_CS_ITU709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
      return SWS_CS_ITU601;
    case AVCOL_SPC_SMPTE240M:
      return SWS_CS_SMPTE240M;
    case AVCOL_SPC_FCC:
      return SWS_CS_FCC;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return SWS_CS_BT2020;
    default:
      return height >= kHighDefinition ? SWS_CS_ITU709 : SWS_CS_ITU601;
  }
}

bool is_full_range(AVColorRange range, int format) {
  const bool jpeg = format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P || format == AV_PIX_FMT_YUVJ444P ||
                    format == AV_PIX_FMT_YUVJ440P || format == AV_PIX_FMT_YUVJ411P;
  const AVPixFmtDescriptor* kind = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  const bool rgb = kind != nullptr && (kind->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  return range == AVCOL_RANGE_JPEG || jpeg || rgb;
}

Picture rotated(Picture picture, int rotation) {
  if (rotation == 0) { return picture; }
  Picture turned =
      rotation == 180 ? make_picture(picture.width, picture.height) : make_picture(picture.height, picture.width);
  cv::Mat out = view(turned);
  cv::rotate(view(picture), out,
             rotation == 90    ? cv::ROTATE_90_CLOCKWISE
             : rotation == 180 ? cv::ROTATE_180
                               : cv::ROTATE_90_COUNTERCLOCKWISE);
  return turned;
}

}  // namespace

RgbConverter::~RgbConverter() { sws_freeContext(scaler_); }

Picture RgbConverter::convert(const AVFrame& frame, int rotation, const std::string& path) {
  const int matrix = matrix_of(frame.colorspace, frame.height);
  const int full = is_full_range(frame.color_range, frame.format) ? 1 : 0;
  if (scaler_ == nullptr || width_ != frame.width || height_ != frame.height || format_ != frame.format ||
      matrix_ != matrix || full_ != full) {
    sws_freeContext(scaler_);
    scaler_ = sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width,
                             frame.height, AV_PIX_FMT_RGB24,
                             SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT,
                             nullptr, nullptr, nullptr);
    if (scaler_ == nullptr) { throw DataError("[" + path + "] has a pixel format that cannot be converted to RGB"); }
    // The call refuses formats that have no matrix (RGB, grey): nothing is to be set there.
    sws_setColorspaceDetails(scaler_, sws_getCoefficients(matrix), full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0,
                             1 << 16, 1 << 16);
    width_ = frame.width, height_ = frame.height, format_ = frame.format, matrix_ = matrix, full_ = full;
  }
  Picture picture = make_picture(frame.width, frame.height);
  uint8_t* planes[4] = {picture.pixels.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(picture.stride), 0, 0, 0};
  sws_scale(scaler_, frame.data, frame.linesize, 0, frame.height, planes, strides);
  return rotated(std::move(picture), rotation);
}

std::string colour_name(const AVCodecParameters& stream) {
  const int matrix = matrix_of(stream.color_space, stream.height);
  const std::string name = matrix == SWS_CS_ITU709      ? "bt709"
                           : matrix == SWS_CS_BT2020    ? "bt2020"
                           : matrix == SWS_CS_FCC       ? "fcc"
                           : matrix == SWS_CS_SMPTE240M ? "smpte240m"
                                                        : "bt601";
  return name + (is_full_range(stream.color_range, stream.format) ? " full" : " limited");
}

}  // namespace realface::data::preprocess
