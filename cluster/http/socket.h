#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace realface::cluster {

/// A file descriptor, closed with the object.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();
  int number() const { return number_; }

 private:
  int number_;
};

/// A non-blocking TCP socket that listens. `address` is of IPv4 or IPv6, or a host's name; port 0: any free one.
/// Throws Error that names address and port, the system's reason, and what to do.
Descriptor listen_at(const std::string& address, int port);

/// The port that a listening socket has.
int port_of(const Descriptor& listening);

/// One caller. All that is done with it ends at the deadline, or once `stop` (a descriptor) can be read.
class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  Connection(Descriptor socket, int stop, Clock::time_point deadline);

  /// What the caller sends up to the blank line, or more than `limit` bytes without one; none where the caller left or
  /// the time is up.
  std::optional<std::string> receive_head(size_t limit);
  /// Sends as much as the caller takes in time.
  void send(const std::string& text);
  /// Says that no more comes, and waits for the caller to say the same.
  void hang_up();

 private:
  bool wait(short events) const;

  Descriptor socket_;
  int stop_;
  Clock::time_point deadline_;
};

}  // namespace realface::cluster
