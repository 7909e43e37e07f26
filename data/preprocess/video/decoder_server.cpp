#include <sys/prctl.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/failpoint.h"
#include "data/preprocess/video/decoder.h"
#include "data/preprocess/video/decoder_messages.h"

namespace realface::data::preprocess {
namespace {

/// decoder.h: where a test wants a decoder to die or to hang.
void failpoint(const std::string& path) {
  const auto asked = [&](const char* name) {
    const auto part = asked_failure(name);
    return part && path.find(*part) != std::string::npos;
  };
  if (asked("decoder.abort")) { std::abort(); }
  while (asked("decoder.hang")) { std::this_thread::sleep_for(std::chrono::hours(1)); }
}

struct ParentGone {};

class Server {
 public:
  explicit Server(int socket) : socket_(socket) {}

  void run() {
    try {
      send({});
      for (Message request; receive_message(socket_, request) == Received::whole;) { answer(request); }
    } catch (const ParentGone&) {  // nobody is left to tell
    }
  }

 private:
  void send(const Message& message) {
    if (!send_message(socket_, message)) { throw ParentGone{}; }
  }

  void send_text(MessageKind kind, uint32_t reader, const std::string& text) {
    send({kind, reader, {text.begin(), text.end()}});
  }

  void answer(const Message& request) {
    try {
      if (request.kind == MessageKind::open) { open(request); }
      if (request.kind == MessageKind::read) { read(request); }
      if (request.kind == MessageKind::close) { readers_.erase(request.reader); }
    } catch (const DataError& error) {
      send_text(MessageKind::data_error, request.reader, error.what());
    } catch (const std::exception& error) { send_text(MessageKind::failure, request.reader, error.what()); }
  }

  void open(const Message& request) {
    const importers::Source source = unpacked_source(request.body);
    failpoint(source.path);
    auto reader = open_source(source);
    send({MessageKind::info, request.reader, packed(reader->info())});
    readers_[request.reader] = std::move(reader);
  }

  void read(const Message& request) {
    readers_.at(request.reader)->read(unpacked_ordinals(request.body), [&](const Frame& frame) {
      if (!send_frame(socket_, request.reader, frame)) { throw ParentGone{}; }
    });
    send({MessageKind::done, request.reader, {}});
  }

  int socket_;
  std::map<uint32_t, std::unique_ptr<FrameReader>> readers_;
};

}  // namespace

void serve_decoder(int socket) {
  // A child that hangs must not outlive its parent; one that does not hang sees the socket close.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NAME, "realface-decode");
  Server(socket).run();
}

}  // namespace realface::data::preprocess
