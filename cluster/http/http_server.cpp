#include "cluster/http/http_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace realface::cluster {
namespace {

constexpr size_t kHeadLimit = 8192;
constexpr int kPauseMs = 100;

std::string response(const std::string& status, const std::string& fields, const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

struct RequestLine {
  std::string_view method, path;  // both empty where it is none
};

RequestLine parse(std::string_view head) {
  const auto line = head.substr(0, head.find("\r\n"));
  const auto first = line.find(' ');
  const auto second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos || !line.substr(second + 1).starts_with("HTTP/1.")) { return {}; }
  const auto target = line.substr(first + 1, second - first - 1);
  return {line.substr(0, first), target.substr(0, target.find('?'))};
}

Descriptor make_stop() {
  Descriptor stop(::eventfd(0, EFD_CLOEXEC));
  if (stop.number() < 0) {
    throw Error(std::string("[metrics] no eventfd: ") + std::strerror(errno) + "; raise the limit of open files");
  }
  return stop;
}

}  // namespace

HttpServer::HttpServer(const std::string& address, int port, std::function<std::string()> body,
                       std::chrono::milliseconds deadline)
    : body_(std::move(body)), deadline_(deadline), stop_(make_stop()), listening_(listen_at(address, port)) {
  try {
    thread_ = std::jthread([this] { serve(); });
  } catch (const std::system_error& error) {
    throw Error("[metrics] the thread that serves " + address + " cannot be started: " + error.what() +
                "; raise the limit of processes, or set metrics.port to -1");
  }
}

HttpServer::~HttpServer() { ::eventfd_write(stop_.number(), 1); }

void HttpServer::serve() const {
  std::array<pollfd, 2> watched{pollfd{listening_.number(), POLLIN, 0}, pollfd{stop_.number(), POLLIN, 0}};
  while (watched[1].revents == 0) {
    if (::poll(watched.data(), watched.size(), -1) < 0 || watched[1].revents != 0) { continue; }
    meet_caller();
  }
}

void HttpServer::meet_caller() const {
  Descriptor caller(::accept4(listening_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (caller.number() < 0) {
    // Out of descriptors, say: the caller still waits, and poll() would return at once again and again.
    pollfd stop{stop_.number(), POLLIN, 0};
    ::poll(&stop, 1, kPauseMs);
    return;
  }
  Connection connection(std::move(caller), stop_.number(), Connection::Clock::now() + deadline_);
  const auto head = connection.receive_head(kHeadLimit);
  if (!head) { return; }
  connection.send(answer(*head));
  connection.hang_up();
}

std::string HttpServer::answer(const std::string& head) const {
  if (head.size() > kHeadLimit) { return response("431 Request Header Fields Too Large", ""); }
  const auto [method, path] = parse(head);
  if (method.empty()) { return response("400 Bad Request", ""); }
  if (path != "/metrics") { return response("404 Not Found", ""); }
  if (method != "GET") { return response("405 Method Not Allowed", "Allow: GET\r\n"); }
  try {
    return response("200 OK", "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n", body_());
  } catch (const std::exception&) {  // out of memory, say, which is for the run to report
    return response("500 Internal Server Error", "");
  }
}

}  // namespace realface::cluster
