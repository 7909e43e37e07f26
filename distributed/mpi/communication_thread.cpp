#include "distributed/mpi/communication_thread.h"

#include <algorithm>
#include <exception>

namespace realface::distributed {
namespace {

constexpr std::chrono::microseconds kPoll{50};
constexpr std::chrono::microseconds kIdle{1'000'000};

}  // namespace

void Operation::wait() {
  state_.wait(State::pending, std::memory_order_acquire);
  if (state_.load(std::memory_order_acquire) == State::failed) { throw CommunicatorError(message_); }
  if (!delivered_) { deliver(); }
  delivered_ = true;
}

void Operation::fail(const std::string& message) {
  message_ = message;
  settle(State::failed);
}

void Operation::settle(State state) {
  state_.store(state, std::memory_order_release);
  state_.notify_all();
}

CommunicationThread::CommunicationThread(Doorbell bell, std::shared_ptr<CollectiveLog> log)
    : bell_(bell), log_(std::move(log)), thread_([this] { run(); }) {}

CommunicationThread::~CommunicationThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    abandoning_ = std::uncaught_exceptions() > 0;
  }
  bell_.ring();
  thread_.join();
}

void CommunicationThread::submit(std::shared_ptr<Operation> operation) {
  {
    const std::lock_guard lock(mutex_);
    submitted_.push_back(std::move(operation));
  }
  bell_.ring();
}

void CommunicationThread::run() {
  while (keeps_on()) {
    const uint32_t seen = bell_.seen();
    if (step()) { continue; }
    const bool polls = std::any_of(running_.begin(), running_.end(), [](const auto& one) { return one->polls(); });
    bell_.wait(seen, polls ? kPoll : kIdle);
  }
}

/// One round over all operations; whether any came further.
bool CommunicationThread::step() {
  std::deque<std::shared_ptr<Operation>> fresh;
  {
    const std::lock_guard lock(mutex_);
    fresh.swap(submitted_);
  }
  const bool progress = !fresh.empty();
  for (auto& operation : fresh) {
    try {
      operation->start();
      running_.push_back(std::move(operation));
    } catch (const std::exception& error) { operation->fail(error.what()); }
  }
  // In order, so that every rank reduces alike; an operation may end before an older one.
  return std::erase_if(running_, [this](const auto& operation) { return advance(*operation); }) > 0 || progress;
}

bool CommunicationThread::advance(Operation& operation) {
  try {
    if (!operation.advance()) { return false; }
    if (log_ != nullptr) { log_->end(operation.sequence); }
    operation.succeed();
  } catch (const std::exception& error) {
    // It stays pending in the log: the watchdog's dump then shows which one failed.
    operation.fail(error.what());
  }
  return true;
}

bool CommunicationThread::keeps_on() {
  const std::lock_guard lock(mutex_);
  if (!stopping_) { return true; }
  return !abandoning_ && (!submitted_.empty() || !running_.empty());
}

}  // namespace realface::distributed
