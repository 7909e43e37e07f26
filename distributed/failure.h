#pragma once

#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"

namespace realface::distributed {

/// Another rank's error, made everybody's by `agree`. The rank that it happened on reports it; the others end quietly.
class PeerError : public Error {
 public:
  using Error::Error;
};

/// Why this process is about to end.
struct Failure {
  std::string reason;
  ExitCode code = ExitCode::failure;
  bool of_peer = false;  // a PeerError: someone else says it
};

/// Notes the exception in flight, since World's destructor, which says why the run ends and with which exit code, runs
/// while the stack unwinds and cannot see it. The last note counts. Any thread.
void note_failure(const std::exception& error);
void note_failure(const Failure& failure);
std::optional<Failure> noted_failure();

/// Runs `body` and notes what it throws. The launcher wraps all that happens while a World lives:
///
///     auto world = World::join(config);
///     return guarded([&] { ...; return ExitCode::done; });
///
/// Of an exception that left no note the destructor knows only that there was one, and returns exit code 1.
template <class Body>
auto guarded(Body&& body) -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& error) {
    note_failure(error);
    throw;
  }
}

}  // namespace realface::distributed
