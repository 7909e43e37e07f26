#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/state.h"
#include "data/batch.h"
#include "data/loading/batch_ring.h"
#include "data/loading/device_copy.h"
#include "data/loading/window_stager.h"
#include "data/shards/dataset.h"
#include "data/streams.h"
#include "distributed/world.h"

namespace realface::data {

/// One stream of a stage: its order, its threads, its cursor. The part "data.NAME" holds {seed, position, batch,
/// samples, digest, order}; restoring refuses another seed, number of samples, dataset or order.
class Stream : public Part {
 public:
  Stream(const DataConfig& config, const StreamNeeds& needs, std::shared_ptr<const Dataset> dataset,
         distributed::World& world);
  ~Stream() override;

  /// This rank's micro-batches of the next update, and the masked patches over all ranks; nullopt at the end.
  /// Collective over the host group where the number of masked patches varies, and once in a while for damaged frames.
  struct Update {
    std::vector<Batch> batches;
    int64_t masked = 0;
  };
  std::optional<Update> next();

  const std::string& name() const { return needs_.name; }
  int64_t samples() const { return static_cast<int64_t>(items_->size()); }
  int64_t steps_per_epoch() const { return (samples() + needs_.batch - 1) / needs_.batch; }
  /// Updates handed out since the start of training.
  int64_t updates() const { return static_cast<int64_t>(position_) / needs_.batch; }

  std::string part_name() const override { return std::string("data.").append(needs_.name); }
  std::vector<Slice> tensors() const override { return {}; }
  nlohmann::json values() const override;
  void restore(const nlohmann::json& values) override;

 private:
  /// A number of masked patches on its way through the host group.
  struct Count {
    torch::Tensor value;
    distributed::Pending pending;
  };
  std::optional<Update> read();
  void begin();
  void stop();
  int64_t updates_left() const;  // negative: no end
  RingSlot& wait(int64_t step);
  std::shared_ptr<DeviceCopy::Flight> fly(const RingSlot& slot);
  void begin_flight(int64_t left);
  void start_count(int64_t step);
  int64_t take_count(int64_t step);
  void agree_on_damage();
  std::vector<Batch> split(const RingSlot& slot, const std::vector<torch::Tensor>& whole) const;

  StreamNeeds needs_;
  int workers_, slots_;
  std::string order_;
  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<const Companion> companion_;  // or null
  std::shared_ptr<const Items> items_;
  FrameReader reader_;
  std::unique_ptr<WindowStager> stager_;  // of a windowed order
  distributed::Communicator& group_;
  torch::Device device_;
  DeviceCopy copy_;
  Dealing dealing_;
  int64_t patches_ = 0, fixed_masked_ = 0;  // fixed_masked_: a sample; 0: it varies
  bool counts_ = false;                     // the ranks add up their masked patches
  std::set<uint64_t> damaged_;              // frames, found by any rank

  uint64_t position_ = 0;  // of the next sample to hand out, over all ranks
  int64_t step_ = 0;       // updates handed out by ring_
  std::unique_ptr<BatchRing> ring_;
  std::shared_ptr<DeviceCopy::Flight> flight_;       // of update step_, begun ahead
  std::shared_ptr<DeviceCopy::Flight> last_flight_;  // of update step_ - 1: its slot is free once this landed
  std::optional<Count> count_;                       // of update step_, begun ahead
  std::optional<Update> fixed_;                      // of a stream that always gives the same
};

}  // namespace realface::data
