#pragma once

#include "data/batch.h"
#include "models/set.h"
#include "tests/mpi_world.h"

/// What a test makes on the host, on the device of the world, as a stage is given it.
namespace realface::stages {

inline torch::Tensor on_device(const torch::Tensor& tensor) {
  return tensor.defined() ? tensor.to(realface::testing::mpi_world().device()) : tensor;
}

inline data::Step on_device(data::Step step) {
  for (auto& [name, batches] : step.streams) {
    for (auto& batch : batches) {
      for (const auto member : data::kBatchTensors) { batch.*member = on_device(batch.*member); }
    }
  }
  return step;
}

inline models::Set on_device(models::Set set) {
  for (const auto& [name, entry] : set.entries()) { entry.module->to(realface::testing::mpi_world().device()); }
  return set;
}

}  // namespace realface::stages
