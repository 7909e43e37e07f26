#include "launcher/bench/operator_profile.h"

#include <ATen/record_function.h>

#include <chrono>
#include <mutex>

namespace realface::launcher {
namespace {

using Clock = std::chrono::steady_clock;

/// libtorch's callbacks are plain functions, so what they add to is global.
std::mutex operators_mutex;
std::map<std::string, double> operator_seconds;

struct Running final : at::ObserverContext {
  Clock::time_point start = Clock::now();
  double called = 0;  // seconds in the operators that it called
  Running* caller = nullptr;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

thread_local Running* innermost = nullptr;

std::unique_ptr<at::ObserverContext> operator_begins(const at::RecordFunction&) {
  auto running = std::make_unique<Running>();
  running->caller = innermost;
  innermost = running.get();
  return running;
}

void operator_ends(const at::RecordFunction& function, at::ObserverContext* context) {
  auto* running = static_cast<Running*>(context);
  const double all = seconds_since(running->start);
  {
    const std::scoped_lock lock(operators_mutex);
    operator_seconds[function.name()] += all - running->called;
  }
  innermost = running->caller;
  // Taken again: what this function does is not to be the caller's time.
  if (innermost != nullptr) { innermost->called += seconds_since(running->start); }
}

}  // namespace

OperatorProfile::OperatorProfile()
    : callback_(at::addGlobalCallback(at::RecordFunctionCallback(operator_begins, operator_ends)
                                          .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION}))) {
  const std::scoped_lock lock(operators_mutex);
  operator_seconds.clear();
}

OperatorProfile::~OperatorProfile() { at::removeCallback(callback_); }

std::map<std::string, double> OperatorProfile::seconds() const {
  const std::scoped_lock lock(operators_mutex);
  return operator_seconds;
}

}  // namespace realface::launcher
