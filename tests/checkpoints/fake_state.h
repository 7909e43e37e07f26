#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/state.h"
#include "checkpoints/saver.h"
#include "tests/temporary_folder.h"

/// State to save in tests, and a folder to save it in.
namespace realface::checkpoints::fake {

/// The folder of a run.
class Folder : public TemporaryFolder {
 public:
  std::filesystem::path step(int64_t step) const { return path() / "checkpoints" / ("step-" + std::to_string(step)); }
};

class FakePart : public Part {
 public:
  FakePart(std::string name, std::vector<Slice> slices) : name_(std::move(name)), slices_(std::move(slices)) {}
  std::string part_name() const override { return name_; }
  std::vector<Slice> tensors() const override { return slices_; }
  nlohmann::json values() const override { return {{"cursor", cursor}}; }
  void restore(const nlohmann::json& values) override { cursor = values.at("cursor").get<int64_t>(); }

  int64_t cursor = 0;

 private:
  std::string name_;
  std::vector<Slice> slices_;
};

/// A model of every awkward kind of tensor, and an optimizer whose rows are spread over the ranks.
struct State {
  torch::Tensor matrix = at::zeros({7, 5});
  torch::Tensor turned = at::zeros({4, 6}).t();  // not contiguous
  torch::Tensor half = at::zeros({3}, torch::kBFloat16);
  torch::Tensor scalar = at::zeros({}, torch::kLong);
  torch::Tensor flags = at::zeros({5}, torch::kBool);
  torch::Tensor empty = at::zeros({0, 3});
  torch::Tensor exact = at::zeros({2, 2}, torch::kDouble);
  torch::Tensor rows;  // of 10 x 3
  FakePart model, optimizer;

  explicit State(int rank = 0, int size = 1)
      : rows(at::zeros({10 * (rank + 1) / size - 10 * rank / size, 3})),
        model("model.net", {replicated("matrix", matrix), replicated("turned", turned), replicated("half", half),
                            replicated("scalar", scalar), replicated("flags", flags), replicated("empty", empty),
                            replicated("exact", exact)}),
        optimizer("optimizer", {Slice{"matrix.exp_avg", rows, {10, 3}, 10 * rank / size, false}}),
        first_row_(10 * rank / size) {}

  std::vector<Part*> parts() { return {&model, &optimizer}; }

  /// Values that are a function of `version` and the place in the whole tensor, so that any mix-up shows.
  void fill(int64_t version) {
    int64_t base = 1000 * version;
    for (auto* tensor : {&matrix, &turned, &half, &exact}) {
      tensor->copy_(at::arange(base, base + tensor->numel()).view(tensor->sizes()).mul(0.37));
      base += 100;
    }
    scalar.fill_(version);
    flags.copy_(at::arange(5).add(version).remainder(2).eq(0));
    rows.copy_((at::arange(rows.numel()).add(3 * first_row_ + base)).view(rows.sizes()).mul(1.7));
    model.cursor = 7 * version;
    optimizer.cursor = 11 * version;
  }

  bool is(int64_t version) {
    State wanted(0, 1);
    wanted.fill(version);
    return matrix.equal(wanted.matrix) && turned.equal(wanted.turned) && half.equal(wanted.half) &&
           scalar.equal(wanted.scalar) && flags.equal(wanted.flags) && exact.equal(wanted.exact) &&
           rows.equal(wanted.rows.narrow(0, first_row_, rows.size(0))) && model.cursor == wanted.model.cursor &&
           optimizer.cursor == wanted.optimizer.cursor;
  }

 private:
  int64_t first_row_;
};

inline Provenance provenance() {
  return {{{"model", {{"width", 8}}}, {"train", {{"batch", 4}, {"steps", 100}}}, {"run", {{"dir", "a"}}}},
          "data-1",
          "v1",
          5,
          {{"margin", 1.3}},
          {"run.dir", "train.steps", "world.threads", "metrics.port"},
          nlohmann::json::object()};
}

inline CheckpointConfig every_step(int keep = 3) {
  CheckpointConfig config;
  config.every = 1;
  config.keep = keep;
  return config;
}

inline void flip(const std::filesystem::path& path, uint64_t offset, int bit = 0) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  const auto byte = static_cast<char>(file.get() ^ (1 << bit));
  file.seekp(static_cast<std::streamoff>(offset));
  file.put(byte);
}

}  // namespace realface::checkpoints::fake
