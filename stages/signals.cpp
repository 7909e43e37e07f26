#include "stages/signals.h"

#include <ATen/ops/zeros.h>

#include <array>

namespace realface::stages {
namespace {

volatile std::sig_atomic_t stop_raised = 0;
int holders = 0;
bool installed = false;
constexpr std::array kSignals = {SIGTERM, SIGUSR1, SIGUSR2};
std::array<struct sigaction, kSignals.size()> previous;

void raise_flag(int /*signal*/) { stop_raised = 1; }

}  // namespace

StopSignals::StopSignals() {
  if (holders++ > 0) { return; }
  stop_raised = 0;
  if (installed) { return; }
  struct sigaction action {};
  action.sa_handler = raise_flag;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) { sigaction(kSignals[i], &action, &previous[i]); }
  installed = true;
}

StopSignals::~StopSignals() {
  // A process that stops has still to leave its world: a second signal must not replace its exit code by the signal's.
  if (--holders > 0 || raised()) { return; }
  for (size_t i = 0; i < kSignals.size(); ++i) { sigaction(kSignals[i], &previous[i], nullptr); }
  installed = false;
}

bool StopSignals::raised() { return stop_raised != 0; }

StopAgreement::StopAgreement(distributed::Communicator& group) : group_(group), flag_(at::zeros({1}, torch::kInt32)) {}

StopAgreement::~StopAgreement() = default;

bool StopAgreement::at_boundary() {
  if (group_.size() == 1) { return StopSignals::raised(); }
  if (pending_ != nullptr) {
    pending_->wait();
    if (flag_.item<int32_t>() != 0) {
      stop_raised = 1;  // the signal may have come to another rank, and a second one to this
      pending_.reset();
      return true;
    }
  }
  flag_.fill_(StopSignals::raised() ? 1 : 0);
  pending_ = group_.all_reduce(flag_, distributed::ReduceOp::max);
  return false;
}

void StopAgreement::settle() {
  if (pending_ != nullptr) { pending_->wait(); }
  pending_.reset();
}

}  // namespace realface::stages
