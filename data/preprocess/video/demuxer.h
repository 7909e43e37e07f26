#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include "data/preprocess/video/frame_reader.h"

/// FFmpeg's containers behind owning handles. Only the video decoder includes this.
namespace realface::data::preprocess {

struct FreePacket {
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreeCodec {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
};
using PacketHandle = std::unique_ptr<AVPacket, FreePacket>;
using FrameHandle = std::unique_ptr<AVFrame, FreeFrame>;
using CodecHandle = std::unique_ptr<AVCodecContext, FreeCodec>;

/// FFmpeg's words for one of its codes.
std::string av_reason(int code);

/// An opened file and its one video stream. Throws DataError that names the file.
class Demuxer {
 public:
  Demuxer(const std::string& path, const DecodeLimits& limits);
  ~Demuxer();
  Demuxer(const Demuxer&) = delete;
  Demuxer& operator=(const Demuxer&) = delete;

  /// The next packet of the video stream: 0, AVERROR_EOF at the end, AVERROR_INVALIDDATA for one that cannot be used.
  int next(AVPacket& packet);

  const AVStream& stream() const { return *stream_; }
  CodecHandle open_codec() const;
  /// Microseconds of a time of the stream.
  int64_t microseconds(int64_t time) const;
  /// Clockwise quarter turns in degrees (0, 90, 180, 270) that the file asks players to apply.
  int rotation() const;
  const std::string& path() const { return path_; }

 private:
  static int overdue(void* self);
  void begin_wait();
  [[noreturn]] void fail(const std::string& what) const;

  std::string path_;
  DecodeLimits limits_;
  std::chrono::steady_clock::time_point deadline_;
  AVFormatContext* format_ = nullptr;
  AVStream* stream_ = nullptr;
};

}  // namespace realface::data::preprocess
