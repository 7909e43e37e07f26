#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/shards/manifest.h"
#include "data/streams.h"
#include "distributed/agreement.h"
#include "tests/data/shards/samples.h"
#include "tests/mpi_world.h"

/// What the tests of streams share: a dataset on disk, and what all ranks together saw of an update.
namespace realface::data {

inline distributed::World& world() { return realface::testing::mpi_world(); }

/// One dataset for all ranks, in a folder that rank 0 makes: 48 frames of 64 pixels.
class StreamsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (world().rank() == 0) {
      folder_ = std::make_unique<TemporaryFolder>();
      samples::write_dataset(folder_->path(), {.shards = 3, .videos_per_shard = 4, .frames = 4, .size = 64});
    }
    config_.shards = distributed::broadcast_string(world().host_group(), folder_ ? folder_->path().string() : "");
    config_.workers = 2;
    needs_.label = "any";
    needs_.image = 64;
    needs_.batch = 12;
    needs_.seed = 4;
  }
  void TearDown() override {
    world().host_group().barrier()->wait();
    folder_.reset();
  }

  std::unique_ptr<Streams> open() { return data::open(config_, {needs_}, world()); }
  std::string shards() const { return config_.shards.paths().front(); }
  std::string open_digest() const { return Manifest::load(config_.shards).digest(); }

  std::unique_ptr<TemporaryFolder> folder_;
  DataConfig config_;
  StreamNeeds needs_;
};

inline int64_t summed(int64_t mine) {
  const auto value = torch::Tensor(at::scalar_tensor(mine, torch::kInt64)).reshape({1});
  world().host_group().all_reduce(value)->wait();
  return value.item<int64_t>();
}

/// The groups of an update over all ranks, in the order of their first samples.
inline std::vector<std::vector<int64_t>> groups(const Step& step, size_t size) {
  std::vector<std::vector<int64_t>> all;
  nlohmann::json mine = nlohmann::json::array();
  for (const Batch& batch : step.streams.at("faces")) {
    for (size_t i = 0; i < batch.samples.size(); i += size) {
      const auto begin = batch.samples.begin() + static_cast<std::ptrdiff_t>(i);
      mine.push_back(std::vector<int64_t>(begin, begin + static_cast<std::ptrdiff_t>(size)));
    }
  }
  for (const std::string& text : distributed::gather_strings(world().host_group(), mine.dump())) {
    for (const auto& group : nlohmann::json::parse(text)) { all.push_back(group.get<std::vector<int64_t>>()); }
  }
  std::ranges::sort(all);
  return all;
}

/// The sample numbers of an update over all ranks, sorted.
inline std::vector<int64_t> numbers(const Step& step) {
  std::vector<int64_t> all;
  for (const auto& group : groups(step, 1)) { all.push_back(group.front()); }
  return all;
}

inline std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) { return error.what(); }
  return "nothing was thrown";
}

}  // namespace realface::data
