#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/streams.h"
#include "distributed/world.h"
#include "stages/pretrain/stage.h"

namespace realface::stages {

/// Batches of smooth random pictures, a pure function of the step and of the sample's place in the global batch, cut
/// among ranks and micro-batches as the real streams are, on the device of the world. Mask counts vary from sample to
/// sample.
class FakeStreams final : public data::Streams {
 public:
  FakeStreams(const PretrainConfig& config, distributed::World& world, int64_t length = INT64_MAX);

  std::optional<data::Step> next() override;
  int64_t steps_per_epoch() const override { return 4; }
  int64_t samples() const override { return 4 * config_.train.batch; }
  std::string dataset_digest() const override { return "fake"; }
  std::vector<Part*> parts() override { return {}; }

  void seek(int64_t step) { position_ = step; }

  /// The samples [first, first + count) of a step's global batch.
  static data::Batch batch(const PretrainConfig& config, int64_t step, int64_t first, int64_t count);

 private:
  PretrainConfig config_;
  distributed::World& world_;
  int64_t position_ = 0, length_;
};

/// A network small enough for hundreds of steps a second; and one of clips of four frames.
PretrainConfig small_config();
PretrainConfig small_video_config();
inline constexpr uint64_t kSeed = 3;

/// The networks of a pretraining, fresh from kSeed, on the host.
models::Set build_models(const PretrainConfig& config, distributed::World& world);

/// What a checkpoint would hold of some parts, in memory.
class Memory {
 public:
  explicit Memory(const std::vector<Part*>& parts);
  void restore(const std::vector<Part*>& parts) const;

 private:
  std::map<std::string, torch::Tensor> tensors_;
  std::map<std::string, nlohmann::json> values_;
};

/// The sum over ranks of a scalar of each, such as its share of a loss. Collective.
double over_ranks(const torch::Tensor& share);

/// The network's parameters as one vector, on the host.
torch::Tensor weights(const models::Set& set);

}  // namespace realface::stages
