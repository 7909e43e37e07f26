#include "cluster/http/socket.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "base/error.h"

namespace realface::cluster {
namespace {

constexpr int kWaitingCallers = 1024;  // the kernel takes its own limit (net.core.somaxconn) if that is lower

[[noreturn]] void refuse(const std::string& address, int port, const std::string& reason) {
  throw Error("[metrics] " + address + ':' + std::to_string(port) + " cannot be bound: " + reason +
              "; set metrics.port to 0 for any free one, and metrics.address to an address of this host");
}

/// Of the last recv() or send(): it would go on later. poll() returns at once if a signal was the reason.
bool must_wait(ssize_t count) { return count < 0 && (errno == EINTR || errno == EAGAIN); }

}  // namespace

Descriptor listen_at(const std::string& address, int port) {
  if (port < 0 || port > 65535) { refuse(address, port, "a port is a number from 0 to 65535"); }
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int unknown = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (unknown != 0) { refuse(address, port, ::gai_strerror(unknown)); }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> place(found, ::freeaddrinfo);
  Descriptor listening(::socket(place->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int yes = 1;
  // A resumed run takes its port again at once, though connections of the run before are not yet forgotten.
  if (!listening || ::setsockopt(listening.number(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      ::bind(listening.number(), place->ai_addr, place->ai_addrlen) != 0 ||
      ::listen(listening.number(), kWaitingCallers) != 0) {
    refuse(address, port, std::strerror(errno));
  }
  return listening;
}

int port_of(const Descriptor& listening) {
  sockaddr_storage place{};
  socklen_t size = sizeof place;
  std::array<char, NI_MAXSERV> port{};
  if (::getsockname(listening.number(), reinterpret_cast<sockaddr*>(&place), &size) != 0 ||
      ::getnameinfo(reinterpret_cast<const sockaddr*>(&place), size, nullptr, 0, port.data(), port.size(),
                    NI_NUMERICSERV) != 0) {
    throw Error("[metrics] the port of a listening socket cannot be read; set metrics.port to -1");
  }
  return std::stoi(port.data());
}

Connection::Connection(Descriptor socket, size_t limit, Clock::time_point deadline)
    : socket_(std::move(socket)), limit_(limit), deadline_(deadline) {}

short Connection::events() const { return state_ == State::answering ? POLLOUT : POLLIN; }

bool Connection::advance(const std::function<std::string(const std::string&)>& answer) {
  if (state_ == State::asking) { receive(answer); }
  if (state_ == State::answering) { send(); }
  if (state_ == State::leaving) { leave(); }
  return state_ != State::gone;
}

void Connection::receive(const std::function<std::string(const std::string&)>& answer) {
  std::array<char, 1024> buffer{};
  while (text_.find("\r\n\r\n") == std::string::npos && text_.size() <= limit_) {
    const ssize_t count = ::recv(socket_.number(), buffer.data(), buffer.size(), 0);
    if (must_wait(count)) { return; }
    if (count <= 0) {
      state_ = State::gone;
      return;
    }
    text_.append(buffer.data(), static_cast<size_t>(count));
  }
  text_ = answer(text_);
  state_ = State::answering;
}

void Connection::send() {
  while (sent_ < text_.size()) {
    // MSG_NOSIGNAL: a caller that left must not end the run by SIGPIPE.
    const ssize_t count = ::send(socket_.number(), text_.data() + sent_, text_.size() - sent_, MSG_NOSIGNAL);
    if (must_wait(count)) { return; }
    if (count <= 0) {
      state_ = State::gone;
      return;
    }
    sent_ += static_cast<size_t>(count);
  }
  ::shutdown(socket_.number(), SHUT_WR);
  state_ = State::leaving;
}

void Connection::leave() {
  // Closing with bytes unread resets the connection, and the caller may lose the answer.
  std::array<char, 8192> rest{};
  const ssize_t count = ::recv(socket_.number(), rest.data(), rest.size(), 0);
  if (count <= 0 && !must_wait(count)) { state_ = State::gone; }
}

}  // namespace realface::cluster
