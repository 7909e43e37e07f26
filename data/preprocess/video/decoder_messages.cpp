#include "data/preprocess/video/decoder_messages.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace realface::data::preprocess {
namespace {

using Json = nlohmann::json;

struct Head {
  uint32_t kind, reader;
  uint64_t size;
};

struct FrameTail {
  int64_t pts_us;
  int32_t index, width, height, concealed;
};

constexpr uint64_t kLongest = uint64_t{1} << 30U;  // of a body: beyond, the other side has lost its mind

bool send_all(int socket, const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  while (size > 0) {
    // Without MSG_NOSIGNAL a dead child would end its parent by SIGPIPE.
    const ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) { continue; }
    if (sent <= 0) { return false; }
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

bool wait_for_bytes(int socket, double patience) {
  if (patience <= 0) { return true; }
  const int milliseconds = static_cast<int>(std::ceil(std::min(patience, 2e6) * 1000));
  for (;;) {
    pollfd asked{socket, POLLIN, 0};
    const int ready = poll(&asked, 1, milliseconds);
    if (ready < 0 && errno == EINTR) { continue; }
    return ready > 0;
  }
}

Received receive_all(int socket, void* data, size_t size, double patience) {
  auto* bytes = static_cast<uint8_t*>(data);
  while (size > 0) {
    if (!wait_for_bytes(socket, patience)) { return Received::silent; }
    const ssize_t got = recv(socket, bytes, size, 0);
    if (got < 0 && errno == EINTR) { continue; }
    if (got <= 0) { return Received::gone; }
    bytes += got;
    size -= static_cast<size_t>(got);
  }
  return Received::whole;
}

}  // namespace

bool send_message(int socket, const Message& message) {
  const Head head{static_cast<uint32_t>(message.kind), message.reader, message.body.size()};
  return send_all(socket, &head, sizeof head) && send_all(socket, message.body.data(), message.body.size());
}

Received receive_message(int socket, Message& message, double patience) {
  Head head{};
  if (const Received got = receive_all(socket, &head, sizeof head, patience); got != Received::whole) { return got; }
  if (head.size > kLongest) { return Received::gone; }
  message.kind = static_cast<MessageKind>(head.kind);
  message.reader = head.reader;
  message.body.resize(head.size);
  return receive_all(socket, message.body.data(), message.body.size(), patience);
}

// CBOR, since names of files need not be UTF-8.
std::vector<uint8_t> packed(const importers::Source& source) { return Json::to_cbor(Json(source)); }

importers::Source unpacked_source(const std::vector<uint8_t>& body) {
  return Json::from_cbor(body).get<importers::Source>();
}

std::vector<uint8_t> packed(const StreamInfo& info) {
  Json json = {{"width", info.width},       {"height", info.height},   {"fps", info.fps},
               {"times", info.times_us},    {"bad", info.bad_packets}, {"truncated", info.truncated},
               {"rotation", info.rotation}, {"matrix", info.matrix},   {"crf", info.x264_crf},
               {"sha256", Json()}};
  if (info.sha256) { json["sha256"] = *info.sha256; }
  return Json::to_cbor(json);
}

StreamInfo unpacked_info(const std::vector<uint8_t>& body) {
  const Json json = Json::from_cbor(body);
  StreamInfo info;
  json.at("width").get_to(info.width);
  json.at("height").get_to(info.height);
  json.at("fps").get_to(info.fps);
  json.at("times").get_to(info.times_us);
  json.at("bad").get_to(info.bad_packets);
  json.at("truncated").get_to(info.truncated);
  json.at("rotation").get_to(info.rotation);
  json.at("matrix").get_to(info.matrix);
  json.at("crf").get_to(info.x264_crf);
  if (!json.at("sha256").is_null()) { info.sha256 = json.at("sha256").get<Digest>(); }
  return info;
}

std::vector<uint8_t> packed(const std::vector<int32_t>& ordinals) { return Json::to_cbor(Json(ordinals)); }

std::vector<int32_t> unpacked_ordinals(const std::vector<uint8_t>& body) {
  return Json::from_cbor(body).get<std::vector<int32_t>>();
}

bool send_frame(int socket, uint32_t reader, const Frame& frame) {
  const Picture& picture = frame.picture;
  const FrameTail tail{frame.pts_us, frame.index, picture.width, picture.height, frame.concealed ? 1 : 0};
  const Head head{static_cast<uint32_t>(MessageKind::frame), reader, picture.pixels.size() + sizeof tail};
  return send_all(socket, &head, sizeof head) && send_all(socket, picture.pixels.data(), picture.pixels.size()) &&
         send_all(socket, &tail, sizeof tail);
}

Frame unpacked_frame(std::vector<uint8_t>&& body) {
  FrameTail tail{};
  if (body.size() < sizeof tail) { throw std::runtime_error("a frame without its end"); }
  const size_t pixels = body.size() - sizeof tail;
  std::memcpy(&tail, body.data() + pixels, sizeof tail);
  if (tail.width <= 0 || tail.height <= 0 || pixels != picture_bytes(tail.width, tail.height)) {
    throw std::runtime_error("a frame of another size than it says");
  }
  body.resize(pixels);
  Frame frame;
  frame.picture = {tail.width, tail.height, picture_stride(tail.width), std::move(body)};
  frame.index = tail.index;
  frame.pts_us = tail.pts_us;
  frame.concealed = tail.concealed != 0;
  return frame;
}

}  // namespace realface::data::preprocess
