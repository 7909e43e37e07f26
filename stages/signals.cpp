#include "stages/signals.h"

#include <ATen/ops/zeros.h>

namespace realface::stages {
namespace {

volatile std::sig_atomic_t stop_raised = 0;
int holders = 0;
struct sigaction previous_term, previous_usr2;

void raise_flag(int /*signal*/) { stop_raised = 1; }

}  // namespace

StopSignals::StopSignals() {
  if (holders++ > 0) return;
  stop_raised = 0;
  struct sigaction action {};
  action.sa_handler = raise_flag;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, &previous_term);
  sigaction(SIGUSR2, &action, &previous_usr2);
}

StopSignals::~StopSignals() {
  if (--holders > 0) return;
  sigaction(SIGTERM, &previous_term, nullptr);
  sigaction(SIGUSR2, &previous_usr2, nullptr);
}

bool StopSignals::raised() { return stop_raised != 0; }

StopAgreement::StopAgreement(distributed::Communicator& group) : group_(group), flag_(at::zeros({1}, torch::kInt32)) {}

StopAgreement::~StopAgreement() = default;

bool StopAgreement::at_boundary() {
  if (group_.size() == 1) return StopSignals::raised();
  if (pending_ != nullptr) {
    pending_->wait();
    if (flag_.item<int32_t>() != 0) {
      pending_.reset();
      return true;
    }
  }
  flag_.fill_(StopSignals::raised() ? 1 : 0);
  pending_ = group_.all_reduce(flag_, distributed::ReduceOp::max);
  return false;
}

void StopAgreement::settle() {
  if (pending_ != nullptr) pending_->wait();
  pending_.reset();
}

}  // namespace realface::stages
