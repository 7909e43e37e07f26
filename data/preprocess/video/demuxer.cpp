#include "data/preprocess/video/demuxer.h"

#include <cmath>
#include <mutex>

extern "C" {
#include <libavutil/display.h>
}

#include "base/error.h"

namespace realface::data::preprocess {
namespace {

/// FFmpeg writes to stderr on its own account; what matters comes back as codes, which our errors carry.
void silence_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_level(AV_LOG_QUIET); });
}

}  // namespace

std::string av_reason(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof text);
  return text;
}

int Demuxer::overdue(void* self) { return std::chrono::steady_clock::now() > static_cast<Demuxer*>(self)->deadline_; }

void Demuxer::fail(const std::string& what) const {
  throw DataError("[" + path_ + "] is not a video that can be read: " + what + "; check the file or remove it");
}

Demuxer::Demuxer(const std::string& path, const DecodeLimits& limits) : path_(path), limits_(limits) {
  silence_ffmpeg();
  begin_wait();
  format_ = avformat_alloc_context();
  if (format_ == nullptr) { fail("no memory"); }
  format_->interrupt_callback = {&Demuxer::overdue, this};
  // A playlist that calls itself .mp4 must not make us open network addresses.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  const int opened = avformat_open_input(&format_, ("file:" + path).c_str(), nullptr, &options);
  av_dict_free(&options);
  if (opened < 0) {
    fail(av_reason(opened));  // FFmpeg has freed the context
  }
  const int probed = avformat_find_stream_info(format_, nullptr);
  const int best = av_find_best_stream(format_, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  std::string fault;
  if (probed < 0) {
    fault = av_reason(probed);
  } else if (best < 0 || (format_->streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0) {
    fault = "it has no video stream";
  }
  if (!fault.empty()) {
    avformat_close_input(&format_);
    fail(fault);
  }
  stream_ = format_->streams[best];
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (static_cast<int>(i) != best) { format_->streams[i]->discard = AVDISCARD_ALL; }
  }
}

Demuxer::~Demuxer() { avformat_close_input(&format_); }

void Demuxer::begin_wait() {
  const std::chrono::duration<double> patience(limits_.max_seconds);
  deadline_ =
      std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(patience);
}

int Demuxer::next(AVPacket& packet) {
  begin_wait();
  for (;;) {
    av_packet_unref(&packet);
    const int code = av_read_frame(format_, &packet);
    if (code == AVERROR_EXIT) { fail("no packet came for " + std::to_string(limits_.max_seconds) + " seconds"); }
    if (code == AVERROR(EAGAIN)) { continue; }
    if (code == AVERROR_EOF) { return code; }
    if (code < 0) { return AVERROR_INVALIDDATA; }
    if (packet.stream_index != stream_->index) { continue; }
    return (packet.flags & AV_PKT_FLAG_CORRUPT) != 0 ? AVERROR_INVALIDDATA : 0;
  }
}

CodecHandle Demuxer::open_codec() const {
  const AVCodec* decoder = avcodec_find_decoder(stream_->codecpar->codec_id);
  if (decoder == nullptr) {
    fail(std::string("there is no decoder for ") + avcodec_get_name(stream_->codecpar->codec_id));
  }
  CodecHandle codec(avcodec_alloc_context3(decoder));
  if (!codec) { fail("no memory"); }
  avcodec_parameters_to_context(codec.get(), stream_->codecpar);
  codec->thread_count = 1;  // ranks and their threads take videos: more threads a video gain little
  codec->max_pixels = limits_.max_pixels;
  codec->pkt_timebase = stream_->time_base;
  const int code = avcodec_open2(codec.get(), decoder, nullptr);
  if (code < 0) { fail(av_reason(code)); }
  return codec;
}

int64_t Demuxer::microseconds(int64_t time) const { return av_rescale_q(time, stream_->time_base, {1, 1'000'000}); }

int Demuxer::rotation() const {
  const uint8_t* matrix = av_stream_get_side_data(stream_, AV_PKT_DATA_DISPLAYMATRIX, nullptr);
  if (matrix == nullptr) { return 0; }
  const double counterclockwise = av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix));
  if (std::isnan(counterclockwise)) { return 0; }
  const int quarters = static_cast<int>(std::lround(-counterclockwise / 90.0));
  return ((quarters % 4) + 4) % 4 * 90;
}

}  // namespace realface::data::preprocess
