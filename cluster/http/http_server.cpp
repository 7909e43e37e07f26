#include "cluster/http/http_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"

namespace realface::cluster {
namespace {

constexpr size_t kHeadLimit = 8192;
constexpr size_t kMostCallers = 64;
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

/// Until the first of them has had its time; -1: for ever.
int milliseconds_to(const std::list<Connection>& callers) {
  if (callers.empty()) { return -1; }
  // All have the same time, so the first that came is the first to go.
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(callers.front().deadline() - Connection::Clock::now());
  return static_cast<int>(std::max<int64_t>(0, left.count()));
}

/// The first that came and has not yet said what it wants; the first of all if each is being answered.
std::list<Connection>::iterator longest_silent(std::list<Connection>& callers) {
  const auto found = std::find_if(callers.begin(), callers.end(), [](const auto& caller) { return caller.asking(); });
  return found == callers.end() ? callers.begin() : found;
}

Descriptor make_stop() {
  Descriptor stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) {
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
  Callers callers;
  while (true) {
    std::vector<pollfd> watched{{stop_.number(), POLLIN, 0}, {listening_.number(), POLLIN, 0}};
    for (const auto& caller : callers) { watched.push_back({caller.number(), caller.events(), 0}); }
    const int ready = ::poll(watched.data(), watched.size(), milliseconds_to(callers));
    if (ready > 0 && watched[0].revents != 0) { return; }
    const auto now = Connection::Clock::now();
    size_t place = 2;
    for (auto caller = callers.begin(); caller != callers.end(); ++place) {
      const bool moved = ready > 0 && watched[place].revents != 0;
      const bool stays = (!moved || advance(*caller)) && now < caller->deadline();
      caller = stays ? std::next(caller) : callers.erase(caller);
    }
    if (ready > 0 && watched[1].revents != 0) { meet(callers); }
  }
}

void HttpServer::meet(Callers& callers) const {
  for (size_t met = 0; met < kMostCallers; ++met) {
    Descriptor socket(::accept4(listening_.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket && (errno == EAGAIN || errno == ECONNABORTED)) { return; }
    if (!socket && !callers.empty()) {
      callers.erase(longest_silent(callers));  // out of descriptors, say
      continue;
    }
    if (!socket) {
      // The caller still waits, and poll() would return at once again and again.
      pollfd stop{stop_.number(), POLLIN, 0};
      ::poll(&stop, 1, kPauseMs);
      return;
    }
    callers.emplace_back(std::move(socket), kHeadLimit, Connection::Clock::now() + deadline_);
    if (!advance(callers.back())) { callers.pop_back(); }
    if (callers.size() > kMostCallers) { callers.erase(longest_silent(callers)); }
  }
}

bool HttpServer::advance(Connection& caller) const {
  return caller.advance([this](const std::string& head) { return answer(head); });
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
