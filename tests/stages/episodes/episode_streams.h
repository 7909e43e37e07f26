#pragma once

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/streams.h"
#include "models/layers/batch_norm.h"
#include "models/set.h"

/// Streams of episodes without a dataset, whose pictures are functions of their numbers, and an update by hand.
namespace realface::stages {

inline constexpr int64_t kSide = 64;

/// Smooth pictures, a function of their numbers.
inline torch::Tensor picture(int64_t number) {
  const auto along = at::arange(kSide, torch::kFloat32) / 10;
  const auto wave = (along.view({-1, 1}) * (1 + number % 5) + number).sin() * (along * (1 + number % 3)).cos();
  return (127 + 100 * wave).to(torch::kUInt8).unsqueeze(-1).expand({kSide, kSide, 3});
}

/// What the data would give: samples [first, first + count) of a stream, cut among ranks in whole groups.
inline data::Batch batch_of(const data::StreamNeeds& needs, int64_t step, int64_t first, int64_t count) {
  data::Batch batch;
  std::vector<torch::Tensor> images, labels, companions;
  for (int64_t i = first; i < first + count; ++i) {
    const auto salt = static_cast<int64_t>(std::hash<std::string>{}(needs.name) % 97);
    const int64_t number = needs.fixed ? 1000 + i + salt : 100 * step + i + salt;
    images.push_back(picture(number));
    companions.push_back(picture(number + 7).slice(0, 0, kSide, 4).slice(1, 0, kSide, 4).permute({2, 0, 1}) / 255.0);
    batch.samples.push_back(number);
    batch.epochs.push_back(0);
    const bool fake = needs.label == "any" ? i % 2 == 1 : needs.label == "fake";
    labels.push_back(torch::Tensor(at::zeros({}, torch::kInt64)).fill_(fake ? 1 : 0));
  }
  batch.images = torch::stack(images);
  batch.companion = torch::stack(companions).to(torch::kFloat16);
  batch.labels = torch::stack(labels);
  batch.weights = torch::ones({count});
  if (needs.truth) {  // of every fifth fake nobody knows it
    batch.tampered =
        batch.images.select(3, 0).gt(150).to(torch::kUInt8) * batch.labels.view({-1, 1, 1}).to(torch::kUInt8);
    for (int64_t i = 0; i < count; ++i) {
      if (needs.label == "fake" && (first + i) % 5 == 4) { batch.tampered[i].fill_(data::kNotKnown); }
    }
  }
  return batch;
}

class EpisodeStreams final : public data::Streams {
 public:
  EpisodeStreams(std::vector<data::StreamNeeds> needs, int64_t ranks, int64_t rank)
      : needs_(std::move(needs)), ranks_(ranks), rank_(rank) {}
  std::optional<data::Step> next() override {
    data::Step step;
    step.index = index_++;
    for (const auto& needs : needs_) {
      auto& batches = step.streams[needs.name];
      if (needs.fixed) {
        batches.push_back(batch_of(needs, 0, 0, needs.batch));
        continue;
      }
      const int64_t groups = needs.batch / needs.group / ranks_;
      for (int64_t j = 0; j < groups; ++j) {  // accumulate: one episode a micro-batch
        batches.push_back(batch_of(needs, step.index, (j * ranks_ + rank_) * needs.group, needs.group));
      }
    }
    return step;
  }
  int64_t steps_per_epoch() const override { return 4; }
  int64_t samples() const override { return 4; }
  std::string dataset_digest() const override { return "fake"; }
  std::vector<Part*> parts() override { return {}; }

 private:
  std::vector<data::StreamNeeds> needs_;
  int64_t ranks_, rank_, index_ = 0;
};

/// The network's weights and statistics after one plain update of rate 0.05 and decay 5e-4, as a single rank would do
/// it.
inline std::map<std::string, torch::Tensor> updated_by_hand(torch::nn::Module& network, const torch::Tensor& loss) {
  loss.backward();
  const torch::NoGradGuard no_grad;
  for (auto& parameter : network.parameters()) { parameter.sub_(0.05 * (parameter.grad() + 5e-4 * parameter)); }
  models::move_running_statistics(network, network, [](torch::Tensor&) {});
  return models::named_tensors(network);
}

/// Each tensor of `theirs` is ours to `tolerance` of the largest entry of all.
inline void expect_same(const std::map<std::string, torch::Tensor>& ours,
                        const std::map<std::string, torch::Tensor>& theirs, double tolerance) {
  double largest = 0;
  for (const auto& [name, tensor] : theirs) { largest = std::max(largest, tensor.abs().max().item<double>()); }
  for (const auto& [name, tensor] : theirs) {
    EXPECT_LE((ours.at(name).cpu() - tensor.cpu()).abs().max().item<double>(), tolerance * largest) << name;
  }
}

}  // namespace realface::stages
