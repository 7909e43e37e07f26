#pragma once

#include <cstddef>

namespace realface::distributed {

/// How the watchdogs of all ranks talk to one another, and how one of them ends the run: MPI, or a test's own. Nothing
/// here blocks. One thread.
class Messenger {
 public:
  virtual ~Messenger() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  /// Sends and forgets: a dead receiver must not hold the caller. `message` is copied.
  virtual void send(const void* message, size_t bytes, int rank, int tag) = 0;
  /// Takes a message with this tag if one has arrived; returns the sender's rank, or -1.
  virtual int receive(void* message, size_t bytes, int tag) = 0;

  /// Ends all ranks. Returns only in tests.
  virtual void end_run(int exit_code) = 0;
};

}  // namespace realface::distributed
