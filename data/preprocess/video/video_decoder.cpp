#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "base/error.h"
#include "data/preprocess/video/demuxer.h"
#include "data/preprocess/video/to_rgb.h"

namespace realface::data::preprocess {
namespace {

/// The frames of a stream as a scan of its packets finds them, without decoding.
struct PacketScan {
  std::vector<int64_t> times;  // of the stream's clock, ascending, each once
  bool timed = true;           // false: the container gives no presentation times, so frames are counted as they come
  int64_t bad = 0;
  bool truncated = false;
  double x264_crf = -1;
};

/// What x264 notes in the first packet of a stream: "x264 - core 164 ... rc=crf mbtree=1 crf=23.0 ..." (the folder's
/// name may say another quality: "Traps" in docs/datasets.md). -1 where it notes none.
double noted_crf(const AVPacket& packet) {
  const std::string_view bytes(reinterpret_cast<const char*>(packet.data), static_cast<size_t>(packet.size));
  const size_t note = bytes.find("x264 - core");
  if (note == std::string_view::npos) { return -1; }
  const std::string options(bytes.substr(note, bytes.find('\0', note) - note));
  const size_t crf = options.find(" crf=");
  return crf == std::string::npos ? -1 : std::strtod(options.c_str() + crf + 5, nullptr);
}

class PacketScanner {
 public:
  PacketScanner(Demuxer& file, const DecodeLimits& limits) : file_(file), limits_(limits) {}

  PacketScan scan() {
    PacketHandle packet(av_packet_alloc());
    for (;;) {
      const int code = file_.next(*packet);
      if (code == AVERROR_EOF) { break; }
      code == 0 ? good(*packet) : bad();
    }
    std::ranges::sort(scan_.times);
    scan_.times.erase(std::unique(scan_.times.begin(), scan_.times.end()), scan_.times.end());
    scan_.truncated = bad_at_end_ > 0 || ends_early();
    return std::move(scan_);
  }

 private:
  void good(const AVPacket& packet) {
    bad_at_end_ = 0;
    if (scan_.times.empty() && packet.data != nullptr) { scan_.x264_crf = noted_crf(packet); }
    if ((packet.flags & AV_PKT_FLAG_DISCARD) != 0) {
      return;  // cut away by the container's edit list
    }
    if (packet.pts == AV_NOPTS_VALUE) { scan_.timed = false; }
    const int64_t time = packet.pts != AV_NOPTS_VALUE   ? packet.pts
                         : packet.dts != AV_NOPTS_VALUE ? packet.dts
                                                        : static_cast<int64_t>(scan_.times.size());
    end_ = std::max(end_, time + std::max<int64_t>(packet.duration, 0));
    scan_.times.push_back(time);
    if (static_cast<int64_t>(scan_.times.size()) > limits_.max_frames) {
      throw DataError("[" + file_.path() + "] has more than " + std::to_string(limits_.max_frames) +
                      " frames; cut it into shorter videos");
    }
  }

  // A damaged packet in the middle is skipped; without a bound, a file could fail for ever.
  void bad() {
    ++scan_.bad;
    if (++bad_at_end_ > limits_.max_frames) {
      throw DataError("[" + file_.path() + "] holds nothing but damaged packets");
    }
  }

  bool ends_early() const {
    const AVStream& stream = file_.stream();
    if (stream.duration <= 0 || scan_.times.empty()) { return false; }
    const int64_t start = stream.start_time == AV_NOPTS_VALUE ? scan_.times.front() : stream.start_time;
    const double declared = static_cast<double>(stream.duration), found = static_cast<double>(end_ - start);
    return found < 0.95 * declared && (declared - found) * av_q2d(stream.time_base) > 1.0;
  }

  Demuxer& file_;
  DecodeLimits limits_;
  PacketScan scan_;
  int64_t bad_at_end_ = 0, end_ = INT64_MIN;
};

/// One pass of decoding, from the first packet until all wanted frames came.
class DecodePass {
 public:
  DecodePass(const std::string& path, const DecodeLimits& limits, const PacketScan& scan, const StreamInfo& info)
      : file_(path, limits), codec_(file_.open_codec()), scan_(scan), info_(info) {}

  void run(const std::vector<int32_t>& wanted, const std::function<void(Frame)>& take) {
    wanted_ = &wanted;
    take_ = &take;
    PacketHandle packet(av_packet_alloc());
    while (!finished()) {
      const int code = file_.next(*packet);
      if (code == AVERROR_EOF) { break; }
      // What the decoder refuses is skipped: one bad packet must not end the video.
      if (code == 0 && avcodec_send_packet(codec_.get(), packet.get()) == 0) { drain(); }
    }
    if (!finished() && avcodec_send_packet(codec_.get(), nullptr) == 0) { drain(); }
  }

 private:
  bool finished() const { return seen_ >= wanted_->back(); }

  void drain() {
    FrameHandle frame(av_frame_alloc());
    while (!finished() && avcodec_receive_frame(codec_.get(), frame.get()) == 0) {
      const int32_t index = ordinal(*frame);
      if (index > seen_ && std::ranges::binary_search(*wanted_, index)) { hand_over(*frame, index); }
      seen_ = std::max(seen_, index);
      av_frame_unref(frame.get());
    }
  }

  int32_t ordinal(const AVFrame& frame) {
    if (!scan_.timed) { return count_++; }
    const auto place = std::ranges::lower_bound(scan_.times, frame.best_effort_timestamp);
    if (place == scan_.times.end() || *place != frame.best_effort_timestamp) { return -1; }
    return static_cast<int32_t>(place - scan_.times.begin());
  }

  void hand_over(const AVFrame& frame, int32_t index) {
    Frame out;
    out.picture = rgb_.convert(frame, info_.rotation, file_.path());
    if (out.picture.width != info_.width || out.picture.height != info_.height) {
      return;  // size changed in mid-stream
    }
    out.index = index;
    out.pts_us = info_.times_us.at(static_cast<size_t>(index));
    out.concealed = frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0;
    (*take_)(std::move(out));
  }

  Demuxer file_;
  CodecHandle codec_;
  const PacketScan& scan_;
  const StreamInfo& info_;
  RgbConverter rgb_;
  const std::vector<int32_t>* wanted_ = nullptr;
  const std::function<void(Frame)>* take_ = nullptr;
  int32_t seen_ = -1, count_ = 0;
};

class VideoReader final : public FrameReader {
 public:
  VideoReader(const std::string& path, const DecodeLimits& limits) : path_(path), limits_(limits) {
    Demuxer file(path, limits);
    const AVCodecParameters& stream = *file.stream().codecpar;
    check_frame_size(path, stream.width, stream.height, limits);
    scan_ = PacketScanner(file, limits).scan();
    info_.rotation = file.rotation();
    const bool turned = info_.rotation % 180 != 0;
    info_.width = turned ? stream.height : stream.width;
    info_.height = turned ? stream.width : stream.height;
    const AVRational rate = file.stream().avg_frame_rate;
    info_.fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
    for (const int64_t time : scan_.times) { info_.times_us.push_back(file.microseconds(time)); }
    info_.bad_packets = scan_.bad;
    info_.truncated = scan_.truncated;
    info_.x264_crf = scan_.x264_crf;
    info_.matrix = colour_name(stream);
  }

  const StreamInfo& info() const override { return info_; }

  void read(const std::vector<int32_t>& wanted, const std::function<void(Frame)>& take) override {
    if (!wanted.empty()) { DecodePass(path_, limits_, scan_, info_).run(wanted, take); }
  }

 private:
  std::string path_;
  DecodeLimits limits_;
  PacketScan scan_;
  StreamInfo info_;
};

}  // namespace

std::unique_ptr<FrameReader> open_video(const std::string& path, const DecodeLimits& limits) {
  return std::make_unique<VideoReader>(path, limits);
}

std::string video_libraries() { return std::string("FFmpeg ") + av_version_info(); }

}  // namespace realface::data::preprocess
