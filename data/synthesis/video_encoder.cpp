#include "data/synthesis/video_encoder.h"

#include "base/error.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
}

namespace realface::data::synthesis {
namespace {

struct Free {
  void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
  void operator()(AVFormatContext* file) const {
    if (file->pb != nullptr) { avio_closep(&file->pb); }
    avformat_free_context(file);
  }
};

template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::string reason(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

}  // namespace

struct VideoEncoder::State {
  std::filesystem::path path;
  Kind kind = Kind::picture;
  Owned<AVFormatContext> file;
  Owned<AVCodecContext> codec;
  Owned<AVFrame> frame;
  Owned<AVPacket> packet;
  Owned<SwsContext> scaler;
  AVStream* stream = nullptr;
  bool finished = false;

  void check(int code, const char* what) const {
    if (code >= 0) { return; }
    throw Error("[video] " + path.string() + ": " + what + " failed: " + reason(code) +
                "; check the disk and the FFmpeg installation");
  }
  int ticks = 1;  // a frame
  void open_codec(cv::Size size, int frames_per_second);
  void open_file();
  void fill_mask(const cv::Mat& mask) const;
  void fill_picture(const cv::Mat& picture) const;
  void drain();
};

void VideoEncoder::State::open_codec(cv::Size size, int frames_per_second) {
  const AVCodec* encoder = avcodec_find_encoder_by_name("libx264");
  if (encoder == nullptr) {
    throw Error("[video] FFmpeg has no libx264 encoder; install an FFmpeg that was built with it");
  }
  codec.reset(avcodec_alloc_context3(encoder));
  codec->width = size.width;
  codec->height = size.height;
  codec->pix_fmt = AV_PIX_FMT_YUV420P;
  codec->time_base = {1, frames_per_second * ticks};
  codec->framerate = {frames_per_second, 1};
  codec->color_range = AVCOL_RANGE_MPEG;
  codec->colorspace = AVCOL_SPC_SMPTE170M;
  codec->color_primaries = AVCOL_PRI_SMPTE170M;
  codec->color_trc = AVCOL_TRC_SMPTE170M;
  codec->thread_count = 1;
  codec->log_level_offset = AV_LOG_INFO - AV_LOG_ERROR;  // libx264 reports every video; errors alone pass
  codec->flags |= AV_CODEC_FLAG_BITEXACT | AV_CODEC_FLAG_GLOBAL_HEADER;
  check(av_opt_set(codec->priv_data, "preset", "veryfast", 0), "setting the preset");
  const bool lossless = kind == Kind::mask;
  check(av_opt_set(codec->priv_data, lossless ? "qp" : "crf", lossless ? "0" : "23", 0), "setting the quality");
  // Else what is written depends on the processor, and with AVX-512 (libx264 0.164) on memory that nobody wrote: two
  // encoders at the same time made other files each time.
  check(av_opt_set(codec->priv_data, "x264-params", "cpu-independent=1", 0), "asking for the same bytes anywhere");
  check(avcodec_open2(codec.get(), encoder, nullptr), "opening the encoder");
  frame.reset(av_frame_alloc());
  packet.reset(av_packet_alloc());
  frame->format = codec->pix_fmt;
  frame->width = size.width;
  frame->height = size.height;
  check(av_frame_get_buffer(frame.get(), 0), "allocating a frame");
  scaler.reset(sws_getContext(size.width, size.height, AV_PIX_FMT_RGB24, size.width, size.height, AV_PIX_FMT_YUV420P,
                              SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr, nullptr, nullptr));
  const int* matrix = sws_getCoefficients(SWS_CS_SMPTE170M);
  if (scaler != nullptr) { sws_setColorspaceDetails(scaler.get(), matrix, 1, matrix, 0, 0, 1 << 16, 1 << 16); }
  check(scaler != nullptr ? 0 : AVERROR(EINVAL), "preparing the colour conversion");
}

void VideoEncoder::State::open_file() {
  AVFormatContext* opened = nullptr;
  check(avformat_alloc_output_context2(&opened, nullptr, "mp4", path.c_str()), "preparing the container");
  file.reset(opened);
  file->flags |= AVFMT_FLAG_BITEXACT;
  stream = avformat_new_stream(file.get(), nullptr);
  check(stream != nullptr ? 0 : AVERROR(ENOMEM), "adding the stream");
  stream->time_base = codec->time_base;
  stream->avg_frame_rate = codec->framerate;
  check(avcodec_parameters_from_context(stream->codecpar, codec.get()), "describing the stream");
  check(avio_open(&file->pb, path.c_str(), AVIO_FLAG_WRITE), "opening the file");
  check(avformat_write_header(file.get(), nullptr), "writing the header");
}

/// 16 and 235 are black and white of the limited range; chroma is neutral.
void VideoEncoder::State::fill_mask(const cv::Mat& mask) const {
  for (int y = 0; y < mask.rows; ++y) {
    const auto* from = mask.ptr<uint8_t>(y);
    uint8_t* to = frame->data[0] + static_cast<ptrdiff_t>(y) * frame->linesize[0];
    for (int x = 0; x < mask.cols; ++x) { to[x] = from[x] > 127 ? 235 : 16; }
  }
  for (const int plane : {1, 2}) {
    for (int y = 0; y < mask.rows / 2; ++y) {
      std::fill_n(frame->data[plane] + static_cast<ptrdiff_t>(y) * frame->linesize[plane], mask.cols / 2, uint8_t{128});
    }
  }
}

void VideoEncoder::State::fill_picture(const cv::Mat& picture) const {
  const uint8_t* rows[4] = {picture.data, nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(picture.step[0]), 0, 0, 0};
  check(sws_scale(scaler.get(), rows, strides, 0, picture.rows, frame->data, frame->linesize),
        "converting the colours");
}

void VideoEncoder::State::drain() {
  while (true) {
    const int code = avcodec_receive_packet(codec.get(), packet.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) { return; }
    check(code, "encoding");
    packet->duration = ticks;
    av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
    packet->stream_index = stream->index;
    check(av_interleaved_write_frame(file.get(), packet.get()), "writing");
  }
}

VideoEncoder::VideoEncoder(const std::filesystem::path& path, cv::Size size, int frames_per_second, Kind kind,
                           int ticks)
    : state_(std::make_unique<State>()) {
  state_->path = path;
  state_->ticks = ticks;
  state_->kind = kind;
  state_->open_codec(size, frames_per_second);
  state_->open_file();
  state_->frame->pts = -ticks;
}

VideoEncoder::~VideoEncoder() {
  if (state_->finished) { return; }
  state_->file.reset();
  std::error_code ignored;
  std::filesystem::remove(state_->path, ignored);
}

void VideoEncoder::add(const cv::Mat& picture) { add_at(picture, state_->frame->pts + state_->ticks); }

void VideoEncoder::add_at(const cv::Mat& picture, int64_t tick) {
  const int expected = state_->kind == Kind::mask ? CV_8UC1 : CV_8UC3;
  if (picture.type() != expected || picture.rows != state_->codec->height || picture.cols != state_->codec->width) {
    throw Error("[video] " + state_->path.string() + ": a picture of " + std::to_string(picture.cols) + "x" +
                std::to_string(picture.rows) + " was given; all must be of the encoder's size and kind");
  }
  state_->check(av_frame_make_writable(state_->frame.get()), "reusing a frame");
  if (state_->kind == Kind::mask) {
    state_->fill_mask(picture);
  } else {
    state_->fill_picture(picture);
  }
  state_->frame->pts = tick;
  state_->check(avcodec_send_frame(state_->codec.get(), state_->frame.get()), "encoding");
  state_->drain();
}

void VideoEncoder::finish() {
  state_->check(avcodec_send_frame(state_->codec.get(), nullptr), "encoding");
  state_->drain();
  state_->check(av_write_trailer(state_->file.get()), "writing the trailer");
  const int late = state_->file->pb->error;  // buffered writes fail late, on a full disk
  const int closed = avio_closep(&state_->file->pb);
  state_->check(late < 0 ? late : closed, "closing the file");
  state_->finished = true;
}

}  // namespace realface::data::synthesis
