#pragma once

#include <torch/types.h>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace realface {

/// One tensor of a part, by the name of the parameter it belongs to, never by bucket.
struct Slice {
  std::string name;
  torch::Tensor tensor;               // live storage: the saver reads it, and on resume copies into it
  std::vector<int64_t> global_shape;  // of the whole tensor; equals tensor.sizes() when every rank holds all of it
  int64_t offset = 0;                 // first row of `tensor` in the whole, along dimension 0
  bool replicated = true;             // the same on every rank: written once
};

/// A whole tensor that every rank holds.
inline Slice replicated(std::string name, const torch::Tensor& tensor) {
  return {std::move(name), tensor, tensor.sizes().vec(), 0, true};
}

/// A piece of run state, and all that the saver knows of a model, a stage or a stream of data.
///
/// To resume, the saver checks the names and shapes of `tensors()` against the checkpoint, copies the saved data into
/// those very tensors, then calls `restore` with the saved values. A part outlives the saver it is given to. Called
/// from the main thread, between steps.
class Part {
 public:
  virtual ~Part() = default;
  virtual std::string part_name() const = 0;  // unique in a run: "model.mae", "optimizer", "data.reals"
  virtual std::vector<Slice> tensors() const = 0;
  virtual nlohmann::json values() const = 0;               // small: scalars, cursors
  virtual void restore(const nlohmann::json& values) = 0;  // after the tensors were filled
};

}  // namespace realface
