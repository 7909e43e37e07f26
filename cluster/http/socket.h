#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/file.h"

namespace realface::cluster {

/// A non-blocking TCP socket that listens. `address` is of IPv4 or IPv6, or a host's name; port 0: any free one.
/// Throws Error that names address and port, the system's reason, and what to do.
Descriptor listen_at(const std::string& address, int port);

/// The port that a listening socket has.
int port_of(const Descriptor& listening);

/// One caller, for one request. Never waits.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  /// `socket` is non-blocking. A head of more than `limit` bytes is taken as it is.
  Connection(Descriptor socket, size_t limit, Clock::time_point deadline);

  int number() const { return socket_.number(); }
  short events() const;  // of poll(): what is worth waiting for
  Clock::time_point deadline() const { return deadline_; }
  /// The caller has not yet said what it wants.
  bool asking() const { return state_ == State::asking; }

  /// Receives the request up to the blank line, sends what `answer` makes of that head, says that no more comes, and
  /// listens until the caller says the same: all as far as it goes without waiting. False once nothing more is to do.
  bool advance(const std::function<std::string(const std::string& head)>& answer);

 private:
  enum class State { asking, answering, leaving, gone };

  void receive(const std::function<std::string(const std::string& head)>& answer);
  void send();
  void leave();

  Descriptor socket_;
  size_t limit_;
  Clock::time_point deadline_;
  State state_ = State::asking;
  std::string text_;  // the head while asking, then the answer
  size_t sent_ = 0;
};

}  // namespace realface::cluster
