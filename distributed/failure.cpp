#include "distributed/failure.h"

#include <mutex>

#include "base/exception_text.h"

namespace realface::distributed {
namespace {

std::mutex mutex;
std::optional<Failure> noted;

}  // namespace

void note_failure(const std::exception& error) {
  Failure failure{.reason = exception_text(error)};
  if (const auto* ours = dynamic_cast<const Error*>(&error)) { failure.code = ours->exit_code(); }
  failure.of_peer = dynamic_cast<const PeerError*>(&error) != nullptr;
  note_failure(failure);
}

void note_failure(const Failure& failure) {
  const std::lock_guard lock(mutex);
  noted = failure;
}

std::optional<Failure> noted_failure() {
  const std::lock_guard lock(mutex);
  return noted;
}

}  // namespace realface::distributed
