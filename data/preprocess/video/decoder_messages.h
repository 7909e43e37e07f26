#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/preprocess/video/frame_reader.h"

/// What a decoder's parent and child say to each other: both are the same program on the same machine.
namespace realface::data::preprocess {

enum class MessageKind : uint32_t {
  ready = 0x52454144,  // child, once: it is there
  open,                // parent: a source
  read,                // parent: ordinals
  close,               // parent: the reader is not needed any more; no answer
  info,                // child: the answer to open
  frame,               // child: one of those asked for
  done,                // child: all are sent
  data_error,          // child: a DataError, its text
  failure,             // child: any other exception, its text
};

struct Message {
  MessageKind kind = MessageKind::ready;
  uint32_t reader = 0;  // number of a reader, given by the parent
  std::vector<uint8_t> body;
};

enum class Received { whole, gone, silent };

/// False where the other side is gone.
bool send_message(int socket, const Message& message);
/// Gone: the other side is, or speaks another language; silent: no byte came for `patience` seconds (0: any time).
Received receive_message(int socket, Message& message, double patience = 0);

/// Bodies. The unpackers throw std::exception for what is no such body.
std::vector<uint8_t> packed(const importers::Source& source);
importers::Source unpacked_source(const std::vector<uint8_t>& body);
std::vector<uint8_t> packed(const StreamInfo& info);
StreamInfo unpacked_info(const std::vector<uint8_t>& body);
std::vector<uint8_t> packed(const std::vector<int32_t>& ordinals);
std::vector<int32_t> unpacked_ordinals(const std::vector<uint8_t>& body);

/// A frame's body is its pixels and, behind them, what else is known of it, so that the pixels need not be moved.
bool send_frame(int socket, uint32_t reader, const Frame& frame);
Frame unpacked_frame(std::vector<uint8_t>&& body);

}  // namespace realface::data::preprocess
