#include "tests/data/synthesis/decode.h"

#include <stdexcept>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

namespace realface::data::synthesis {
namespace {

void must(bool good, const std::filesystem::path& path) {
  if (!good) { throw std::runtime_error("cannot decode " + path.string()); }
}

void keep(const AVFrame& frame, Decoded& decoded) {
  const auto stride = static_cast<size_t>(frame.linesize[0]);
  decoded.luma.push_back(cv::Mat(frame.height, frame.width, CV_8U, frame.data[0], stride).clone());
  cv::Mat rgb(frame.height, frame.width, CV_8UC3);
  SwsContext* scaler =
      sws_getContext(frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width, frame.height,
                     AV_PIX_FMT_RGB24, SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr, nullptr);
  const int* matrix = sws_getCoefficients(frame.colorspace);
  sws_setColorspaceDetails(scaler, matrix, 0, matrix, 1, 0, 1 << 16, 1 << 16);
  uint8_t* rows[4] = {rgb.data, nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(rgb.step[0]), 0, 0, 0};
  sws_scale(scaler, frame.data, frame.linesize, 0, frame.height, rows, strides);
  sws_freeContext(scaler);
  decoded.rgb.push_back(rgb);
}

}  // namespace

Decoded decode(const std::filesystem::path& path) {
  Decoded decoded;
  AVFormatContext* file = nullptr;
  must(avformat_open_input(&file, path.c_str(), nullptr, nullptr) == 0, path);
  must(avformat_find_stream_info(file, nullptr) >= 0 && file->nb_streams == 1, path);
  const AVStream* stream = file->streams[0];
  AVCodecContext* codec = avcodec_alloc_context3(avcodec_find_decoder(stream->codecpar->codec_id));
  must(avcodec_parameters_to_context(codec, stream->codecpar) >= 0, path);
  must(avcodec_open2(codec, nullptr, nullptr) == 0, path);
  decoded.colour_space = stream->codecpar->color_space;
  decoded.colour_range = stream->codecpar->color_range;
  decoded.frames_per_second = av_q2d(stream->avg_frame_rate);
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  bool more = true;
  while (more) {
    more = av_read_frame(file, packet) >= 0;
    must(avcodec_send_packet(codec, more ? packet : nullptr) == 0, path);
    av_packet_unref(packet);
    while (avcodec_receive_frame(codec, frame) == 0) { keep(*frame, decoded); }
  }
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&codec);
  avformat_close_input(&file);
  return decoded;
}

}  // namespace realface::data::synthesis
