#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

namespace realface::cluster::fake {

/// A caller at 127.0.0.1, over a plain socket.
class Caller {
 public:
  explicit Caller(int port) : number_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(number_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(number_);
      throw std::runtime_error("nothing listens at port " + std::to_string(port));
    }
  }
  Caller(const Caller&) = delete;
  ~Caller() { ::close(number_); }

  void say(const std::string& text) const { ::send(number_, text.data(), text.size(), MSG_NOSIGNAL); }
  /// All that comes until the server hangs up.
  std::string hear() const {
    std::string answer;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 1; count > 0;) {
      count = ::recv(number_, buffer.data(), buffer.size(), 0);
      if (count > 0) { answer.append(buffer.data(), static_cast<size_t>(count)); }
    }
    return answer;
  }

 private:
  int number_;
};

/// The whole answer to a request.
inline std::string ask(int port, const std::string& request) {
  const Caller caller(port);
  caller.say(request);
  return caller.hear();
}

/// The body of GET /metrics.
inline std::string scrape(int port) {
  const std::string answer = ask(port, "GET /metrics HTTP/1.0\r\nConnection: close\r\n\r\n");
  const auto body = answer.find("\r\n\r\n");
  return body == std::string::npos ? "" : answer.substr(body + 4);
}

}  // namespace realface::cluster::fake
