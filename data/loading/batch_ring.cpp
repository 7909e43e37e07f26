#include "data/loading/batch_ring.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace realface::data {
namespace {

constexpr int64_t kLandmarks = 68;

/// Somebody besides `tensor` looks at its memory.
bool shared(const torch::Tensor& tensor) { return tensor.defined() && tensor.storage().use_count() > 1; }

template <class T>
T* row_of(torch::Tensor& tensor, size_t row) {
  return tensor.defined() ? static_cast<T*>(tensor.mutable_data_ptr()) + static_cast<int64_t>(row) * tensor.stride(0)
                          : nullptr;
}

}  // namespace

BatchRing::BatchRing(const RingConfig& config, FrameReader& reader, const Dealing& dealing, uint64_t start,
                     int64_t updates, std::function<void(uint64_t position)> begun)
    : config_(config),
      reader_(reader),
      dealing_(dealing),
      start_(start),
      updates_(updates),
      begun_(std::move(begun)),
      order_(reader.items().order()),
      slots_(static_cast<size_t>(std::max(config.slots, 2))) {
  for (int i = 0; i < std::max(config.workers, 1); ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

BatchRing::~BatchRing() {
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) { thread.join(); }
}

void BatchRing::prepare(RingSlot& slot, ReadPlan plan) {
  const auto share = config_.share;
  const auto options = torch::TensorOptions().pinned_memory(config_.pinned);
  const auto renew = [&](torch::Tensor& tensor, const std::vector<int64_t>& shape, torch::ScalarType type) {
    if (!tensor.defined() || shared(tensor)) { tensor = at::empty(shape, options.dtype(type)); }
  };
  std::vector<int64_t> pictures{share, config_.height, config_.width, 3};
  if (config_.clips) { pictures.insert(pictures.begin() + 1, reader_.items().frames()); }
  renew(slot.images, pictures, torch::kUInt8);
  renew(slot.landmarks, {share, kLandmarks, 2}, torch::kFloat32);
  if (config_.patches > 0 && config_.masks > 0) {
    renew(slot.mask, {share, config_.masks, config_.patches}, torch::kBool);
  } else if (config_.patches > 0) {
    renew(slot.mask, {share, config_.patches}, torch::kBool);
  }
  if (!config_.companion.empty()) {
    std::vector<int64_t> rows{share};
    rows.insert(rows.end(), config_.companion.begin(), config_.companion.end());
    renew(slot.companion, rows, torch::kFloat16);
  }
  pictures.pop_back();
  if (config_.tampered) { renew(slot.tampered, pictures, torch::kUInt8); }
  renew(slot.labels, {share}, torch::kInt64);
  renew(slot.weights, {share}, torch::kFloat32);
  const auto rows = static_cast<size_t>(share);
  for (auto* numbers : {&slot.epochs, &slot.samples, &slot.masked}) { numbers->assign(rows, 0); }
  slot.frames.assign(rows * static_cast<size_t>(reader_.items().frames()), 0);
  if (!slot.damaged) {
    slot.damaged = std::make_unique<std::atomic<uint8_t>[]>(rows);
    slot.frames_left = std::make_unique<std::atomic<int32_t>[]>(rows);
  }
  for (size_t row = 0; row < rows; ++row) {
    slot.damaged[row].store(0);
    slot.frames_left[row].store(static_cast<int32_t>(reader_.items().frames()));
  }
  slot.plan = std::move(plan);
  slot.missing = static_cast<int64_t>(slot.plan.group_count());
}

ReadPlan BatchRing::plan_of(int64_t step) {
  const uint64_t begin = start_ + static_cast<uint64_t>(step) * dealing_.batch;
  if (begun_) { begun_(begin); }
  std::vector<Draw> draws;
  {
    const std::lock_guard hold(order_mutex_);
    for (uint64_t j = 0; j < dealing_.share(); ++j) { draws.push_back(order_.at(dealing_.position(begin, j))); }
  }
  return reader_.plan(std::move(draws));
}

/// While the disk is asked for the next update, this one is decoded.
void BatchRing::plan_ahead(int64_t step) {
  if (updates_ >= 0 && step >= updates_) { return; }
  ReadPlan plan = plan_of(step);
  if (config_.advise) { reader_.advise(plan); }
  const std::lock_guard hold(mutex_);
  if (next_.step < step || (next_.step == step && next_.group == 0)) { ahead_.insert_or_assign(step, std::move(plan)); }
}

bool BatchRing::take(Task& task) {
  std::unique_lock hold(mutex_);
  const auto slots = static_cast<int64_t>(slots_.size());
  const auto over = [&] { return stop_ || failure_ || (updates_ >= 0 && next_.step >= updates_); };
  room_.wait(hold, [&] { return over() || next_.step < released_ + slots; });
  if (over()) { return false; }
  RingSlot& slot = slot_of(next_.step);
  try {
    if (next_.group == 0) {
      auto known = ahead_.extract(next_.step);
      prepare(slot, known ? std::move(known.mapped()) : plan_of(next_.step));
    }
  } catch (...) {  // no memory
    fail(next_.step);
    return false;
  }
  task = next_;
  if (++next_.group == slot.plan.group_count()) { next_ = {next_.step + 1, 0}; }
  return true;
}

void BatchRing::fill(const Task& task) {
  RingSlot& slot = slot_of(task.step);
  reader_.read_group(slot.plan, task.group, {slot.images.mutable_data_ptr<uint8_t>(), slot.damaged.get()});
  for (size_t i = slot.plan.groups[task.group]; i < slot.plan.groups[task.group + 1]; ++i) {
    const size_t row = slot.plan.pieces[i].row;
    if (slot.frames_left[row].fetch_sub(1) == 1) { finish_row(slot, row); }
  }
}

void BatchRing::finish_row(RingSlot& slot, size_t row) {
  const Draw& draw = slot.plan.draws[row];
  const auto frames = static_cast<size_t>(reader_.items().frames());
  const auto first = slot.plan.numbers.begin() + static_cast<std::ptrdiff_t>(row * frames);
  const SampleSlot place{.images = row_of<uint8_t>(slot.images, row),
                         .landmarks = row_of<float>(slot.landmarks, row),
                         .mask = row_of<uint8_t>(slot.mask, row),
                         .tampered = row_of<uint8_t>(slot.tampered, row),
                         .companion = row_of<uint16_t>(slot.companion, row)};
  const SampleFacts facts =
      reader_.finish(draw, {first, first + static_cast<std::ptrdiff_t>(frames)}, slot.damaged[row].load() != 0, place);
  slot.labels.mutable_data_ptr<int64_t>()[row] = facts.label;
  // In an evaluation a substitute has its own turn too.
  const bool counts = !draw.padding && (!facts.substituted || reader_.items().order().shuffled);
  slot.weights.mutable_data_ptr<float>()[row] = counts ? 1.0F : 0.0F;
  slot.epochs[row] = static_cast<int64_t>(draw.epoch);
  slot.samples[row] = static_cast<int64_t>(facts.number);
  slot.masked[row] = facts.masked;
  std::ranges::copy(facts.frames, slot.frames.begin() + static_cast<std::ptrdiff_t>(row * frames));
}

void BatchRing::work() {
  Task task{};
  while (take(task)) {
    try {
      if (task.group == 0) { plan_ahead(task.step + 1); }
      fill(task);
      // Groups are counted, not samples: while a worker is in one, the slot and its plan must stay.
      const std::lock_guard hold(mutex_);
      if (--slot_of(task.step).missing == 0) { filled_.notify_all(); }
    } catch (...) {
      const std::lock_guard hold(mutex_);
      fail(task.step);
    }
  }
}

void BatchRing::fail(int64_t step) {
  if (!failure_ || step < failed_step_) {
    failure_ = std::current_exception();
    failed_step_ = step;
  }
  filled_.notify_all();
  room_.notify_all();
}

bool BatchRing::filled(int64_t step) const {
  // Once its last group was taken, `missing` counts this update and not an earlier one of the same slot.
  return next_.step > step && slot_of(step).missing == 0;
}

RingSlot& BatchRing::wait(int64_t step) {
  std::unique_lock hold(mutex_);
  // A failed update never fills; one before it still may.
  filled_.wait(hold, [&] { return (failure_ && step >= failed_step_) || filled(step); });
  if (failure_ && step >= failed_step_) { std::rethrow_exception(failure_); }
  return slot_of(step);
}

const RingSlot* BatchRing::peek(int64_t step) {
  const std::lock_guard hold(mutex_);
  return filled(step) ? &slot_of(step) : nullptr;
}

void BatchRing::release_before(int64_t step) {
  {
    const std::lock_guard hold(mutex_);
    released_ = std::max(released_, step);
  }
  room_.notify_all();
}

int64_t BatchRing::ready() const {
  const std::lock_guard hold(mutex_);
  int64_t count = 0;
  for (int64_t step = released_; step < next_.step; ++step) { count += slot_of(step).missing == 0 ? 1 : 0; }
  return count;
}

}  // namespace realface::data
