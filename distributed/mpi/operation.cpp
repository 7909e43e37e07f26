#include "distributed/mpi/operation.h"

namespace realface::distributed {

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

bool MpiOperation::advance() {
  int flag = 0;
  std::vector<MPI_Status> statuses(requests_.size());
  const int code = MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &flag, statuses.data());
  if (code == MPI_ERR_IN_STATUS) {
    for (const auto& status : statuses) { check_mpi(status.MPI_ERROR, what()); }
  }
  check_mpi(code, what());
  return flag != 0;
}

}  // namespace realface::distributed
