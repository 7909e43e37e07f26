#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <thread>

#include "cluster/http/socket.h"

namespace realface::cluster {

/// Answers GET /metrics over HTTP/1.1 with a text that is made at each request, on a thread of its own.
///
/// It is ours since prometheus-cpp's Exposer (civetweb) starts its threads with a stack of 102,400 bytes, from which
/// the C library takes the process's static thread-local storage: libtorch's and OpenBLAS's together leave too little,
/// no thread starts, and no metrics are served. Here the thread has the process's usual stack.
///
/// Many callers are served at once, each for one request and for `deadline` at most. None waits for another; of more
/// than 64 the one that has been silent for longest is dropped, so that callers that only hold connections cannot keep
/// a scrape away.
class HttpServer {
 public:
  /// `body` is called on the server's thread. port 0: any free one. Throws Error where the port cannot be bound.
  HttpServer(const std::string& address, int port, std::function<std::string()> body,
             std::chrono::milliseconds deadline = std::chrono::seconds(2));
  /// Returns at once, whatever a caller is doing.
  ~HttpServer();
  int port() const { return port_of(listening_); }

 private:
  using Callers = std::list<Connection>;  // in the order in which they came

  void serve() const;
  void meet(Callers& callers) const;
  bool advance(Connection& caller) const;
  std::string answer(const std::string& head) const;

  std::function<std::string()> body_;
  std::chrono::milliseconds deadline_;
  Descriptor stop_;  // an eventfd: can be read once the server is to stop
  Descriptor listening_;
  std::jthread thread_;
};

}  // namespace realface::cluster
