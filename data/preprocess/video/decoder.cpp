#include "data/preprocess/video/decoder.h"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <exception>

#include "base/error.h"
#include "data/preprocess/video/decoder_messages.h"

namespace realface::data::preprocess {
namespace {

constexpr int kFirstOther = 3;  // beyond stdin, stdout and stderr

/// Starts `PROGRAM decode` with `socket` as its stdin and no other file of ours: copies of MPI's sockets or of a lock
/// would keep them open when this process is dead.
pid_t spawn(const std::string& program, int socket) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, kFirstOther);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string name = "realface", command = "decode";
  char* arguments[] = {name.data(), command.data(), nullptr};
  pid_t child = -1;
  const int code = posix_spawn(&child, program.c_str(), &files, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) {
    throw Error("[" + program + "] cannot be started as the decoder of videos: " + std::strerror(code));
  }
  return child;
}

/// How a child ended, in words.
std::string ending(int status) {
  if (WIFEXITED(status)) { return "ended with code " + std::to_string(WEXITSTATUS(status)); }
  const char* name = sigdescr_np(WTERMSIG(status));
  return "died of signal " + std::to_string(WTERMSIG(status)) + " (" + (name == nullptr ? "unknown" : name) + ")";
}

}  // namespace

/// The child and the way to it. With an empty program there never is one.
class DecoderChild {
 public:
  DecoderChild(std::string program, double patience) : program_(std::move(program)), patience_(patience) {}
  ~DecoderChild() { end(); }
  DecoderChild(const DecoderChild&) = delete;
  DecoderChild& operator=(const DecoderChild&) = delete;

  bool wanted() const { return !program_.empty(); }
  int64_t birth() const { return birth_; }  // which child this is
  uint32_t new_reader() { return readers_++; }

  void start() {
    if (process_ > 0 && !reading_) { return; }
    end();
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      throw Error(std::string("[preprocess] no socket for a decoder: ") + std::strerror(errno));
    }
    socket_ = ends[0];
    try {
      process_ = spawn(program_, ends[1]);
    } catch (...) {
      close(ends[1]);
      throw;
    }
    close(ends[1]);
    ++birth_;
    Message first;
    if (receive_message(socket_, first, patience_) != Received::whole || first.kind != MessageKind::ready) {
      throw Error("[" + program_ + "] was started as the decoder of videos and " + end() +
                  " before it was ready; what it says on its stderr tells why");
    }
  }

  /// Ends the child, and says how it ended.
  std::string end() {
    int status = 0;
    if (process_ > 0) {
      kill(process_, SIGKILL);  // where it is dying already, the first reason stays
      while (waitpid(process_, &status, 0) < 0 && errno == EINTR) {}
    }
    if (socket_ >= 0) { close(socket_); }
    process_ = socket_ = -1;
    reading_ = false;
    return ending(status);
  }

  [[noreturn]] void crashed(const std::string& path, Received how) {
    const std::string death = end();
    if (how == Received::silent) {
      throw DecoderCrash(path, "its decoder gave no sign of life for " + std::to_string(std::lround(patience_)) + " s");
    }
    throw DecoderCrash(path, "its decoder " + death);
  }

  void send(const std::string& path, const Message& message) {
    if (process_ <= 0) { throw DecoderCrash(path, "its decoder is dead"); }
    if (!send_message(socket_, message)) { crashed(path, Received::gone); }
  }

  /// The child's next message that is no error.
  Message receive(const std::string& path) {
    Message message;
    if (const Received got = receive_message(socket_, message, patience_); got != Received::whole) {
      crashed(path, got);
    }
    if (message.kind != MessageKind::data_error && message.kind != MessageKind::failure) { return message; }
    reading_ = false;
    const std::string text(message.body.begin(), message.body.end());
    if (message.kind == MessageKind::data_error) { throw DataError(text); }
    end();  // out of memory, for one: what state it is in is not known
    throw DecoderCrash(path, "its decoder failed: " + text);
  }

  /// While it is true, frames are on their way: where their taker throws what is no DataError they belong to nobody,
  /// and the child with them.
  void set_reading(bool reading) { reading_ = reading; }

  void forget(int64_t birth, uint32_t reader) {
    if (birth == birth_ && process_ > 0 && !reading_) { send_message(socket_, {MessageKind::close, reader, {}}); }
  }

 private:
  std::string program_;
  double patience_;
  pid_t process_ = -1;
  int socket_ = -1;
  int64_t birth_ = 0;
  uint32_t readers_ = 0;
  bool reading_ = false;
};

namespace {

/// A reader that the child holds.
class DistantReader final : public FrameReader {
 public:
  DistantReader(std::shared_ptr<DecoderChild> child, const importers::Source& source)
      : child_(std::move(child)), path_(source.path), birth_(child_->birth()), number_(child_->new_reader()) {
    child_->send(path_, {MessageKind::open, number_, packed(source)});
    const Message answer = child_->receive(path_);
    if (answer.reader != number_) { child_->crashed(path_, Received::gone); }
    understood([&] { info_ = unpacked_info(answer.body); });
  }

  ~DistantReader() override { child_->forget(birth_, number_); }
  DistantReader(const DistantReader&) = delete;
  DistantReader& operator=(const DistantReader&) = delete;

  const StreamInfo& info() const override { return info_; }

  void read(const std::vector<int32_t>& wanted, const std::function<void(Frame)>& take) override {
    if (child_->birth() != birth_) { throw DecoderCrash(path_, "its decoder is dead"); }
    child_->send(path_, {MessageKind::read, number_, packed(wanted)});
    child_->set_reading(true);
    std::exception_ptr
        refused;  // by `take`; what is on its way is received all the same, or a next reader would get it
    for (;;) {
      Message message = child_->receive(path_);
      if (message.reader != number_) { child_->crashed(path_, Received::gone); }
      if (message.kind == MessageKind::done) { break; }
      if (refused) { continue; }
      Frame frame;
      understood([&] { frame = unpacked_frame(std::move(message.body)); });
      try {
        take(std::move(frame));
      } catch (const DataError&) { refused = std::current_exception(); }
    }
    child_->set_reading(false);
    if (refused) { std::rethrow_exception(refused); }
  }

 private:
  /// A child that talks nonsense has overwritten its own memory.
  void understood(const std::function<void()>& unpack) {
    try {
      unpack();
    } catch (const std::exception&) { child_->crashed(path_, Received::gone); }
  }

  std::shared_ptr<DecoderChild> child_;
  std::string path_;
  int64_t birth_;
  uint32_t number_;
  StreamInfo info_;
};

}  // namespace

Decoder::Decoder(std::string program, double patience)
    : child_(std::make_shared<DecoderChild>(std::move(program), patience)) {}

Decoder::~Decoder() { child_->end(); }

void Decoder::start() {
  if (child_->wanted()) { child_->start(); }
}

std::unique_ptr<FrameReader> Decoder::open(const importers::Source& source) {
  if (!child_->wanted()) { return open_source(source); }
  return std::make_unique<DistantReader>(child_, source);
}

}  // namespace realface::data::preprocess
