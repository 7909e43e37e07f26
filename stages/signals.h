#pragma once

#include <torch/types.h>
#include <csignal>

#include "distributed/communicator.h"

namespace realface::stages {

/// While one lives, SIGTERM, SIGUSR1 and SIGUSR2 (Slurm's warning before the time limit, and preemption) set a flag
/// instead of ending the process. The flag stays up until the last one goes. The earlier handlers return with it, but
/// only if the flag is down: a process that was asked to stop ends with its own exit code, however many signals follow.
/// A command holds one before it joins the world, so that an early signal is not lost. Main thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static bool raised();
};

/// Makes one rank's signal everybody's decision, without waiting: each boundary starts a small reduction on the host
/// group and reads that of the boundary before, so all ranks stop at the same step, one after the signal. What is
/// agreed raises the flag of every rank.
class StopAgreement {
 public:
  explicit StopAgreement(distributed::Communicator& group);
  ~StopAgreement();
  StopAgreement(const StopAgreement&) = delete;
  StopAgreement& operator=(const StopAgreement&) = delete;

  bool at_boundary();  // collective
  void settle();       // collective: ends the reduction that is on its way, before the group is used up

 private:
  distributed::Communicator& group_;
  torch::Tensor flag_;
  distributed::Pending pending_;
};

}  // namespace realface::stages
