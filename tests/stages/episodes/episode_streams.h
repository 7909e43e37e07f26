#pragma once

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/streams.h"

/// Streams of episodes without a dataset: pictures are functions of their numbers.
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

}  // namespace realface::stages
