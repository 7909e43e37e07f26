#include "data/batch_ring.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace realface::data {
namespace {

constexpr int64_t kLandmarks = 68;

/// Somebody besides `tensor` looks at its memory.
bool shared(const torch::Tensor& tensor) { return tensor.defined() && tensor.storage().use_count() > 1; }

}  // namespace

BatchRing::BatchRing(const RingConfig& config, FrameReader& reader, const Order& order, const Dealing& dealing,
                     uint64_t start, int64_t updates)
    : config_(config),
      reader_(reader),
      order_(order),
      dealing_(dealing),
      start_(start),
      updates_(updates),
      slots_(static_cast<size_t>(std::max(config.slots, 2))) {
  for (int i = 0; i < std::max(config.workers, 1); ++i) threads_.emplace_back([this] { work(); });
}

BatchRing::~BatchRing() {
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void BatchRing::prepare(RingSlot& slot) {
  const auto share = config_.share;
  const auto options = torch::TensorOptions().pinned_memory(config_.pinned);
  const auto renew = [&](torch::Tensor& tensor, std::vector<int64_t> shape, torch::ScalarType type) {
    if (!tensor.defined() || shared(tensor)) tensor = at::empty(shape, options.dtype(type));
  };
  renew(slot.images, {share, config_.height, config_.width, 3}, torch::kUInt8);
  renew(slot.landmarks, {share, kLandmarks, 2}, torch::kFloat32);
  if (config_.patches > 0) renew(slot.mask, {share, config_.patches}, torch::kBool);
  renew(slot.labels, {share}, torch::kInt64);
  renew(slot.weights, {share}, torch::kFloat32);
  for (auto* numbers : {&slot.epochs, &slot.samples, &slot.masked}) numbers->assign(static_cast<size_t>(share), 0);
  slot.missing = share;
}

bool BatchRing::take(Task& task) {
  std::unique_lock hold(mutex_);
  const auto slots = static_cast<int64_t>(slots_.size());
  const auto over = [&] { return stop_ || failure_ || (updates_ >= 0 && next_.step >= updates_); };
  room_.wait(hold, [&] { return over() || next_.step < released_ + slots; });
  if (over()) return false;
  try {
    if (next_.sample == 0) prepare(slot_of(next_.step));
  } catch (...) {  // no memory
    failure_ = std::current_exception();
    filled_.notify_all();
    room_.notify_all();
    return false;
  }
  task = next_;
  if (++next_.sample == config_.share) next_ = {next_.step + 1, 0};
  return true;
}

void BatchRing::fill(const Task& task, Order& order) {
  RingSlot& slot = slot_of(task.step);
  const auto row = static_cast<size_t>(task.sample);
  const uint64_t begin = start_ + static_cast<uint64_t>(task.step) * dealing_.batch;
  const Draw draw = order.at(dealing_.position(begin, static_cast<uint64_t>(task.sample)));
  SampleSlot place;
  place.image = slot.images.mutable_data_ptr<uint8_t>() + task.sample * config_.height * config_.width * 3;
  place.landmarks = slot.landmarks.mutable_data_ptr<float>() + task.sample * kLandmarks * 2;
  if (config_.patches > 0)
    place.mask = reinterpret_cast<uint8_t*>(slot.mask.mutable_data_ptr<bool>()) + task.sample * config_.patches;
  const SampleFacts facts = reader_.read(draw, place);
  slot.labels.mutable_data_ptr<int64_t>()[row] = facts.label;
  slot.weights.mutable_data_ptr<float>()[row] = draw.padding ? 0.0F : 1.0F;
  slot.epochs[row] = static_cast<int64_t>(draw.epoch);
  slot.samples[row] = static_cast<int64_t>(facts.number);
  slot.masked[row] = facts.masked;
}

void BatchRing::work() {
  Order order = order_;
  Task task{};
  while (take(task)) {
    std::exception_ptr failure;
    try {
      fill(task, order);
    } catch (...) {
      failure = std::current_exception();
    }
    const std::lock_guard hold(mutex_);
    if (failure && !failure_) failure_ = failure;
    if (failure || --slot_of(task.step).missing == 0) {
      filled_.notify_all();
      if (failure) room_.notify_all();
    }
  }
}

bool BatchRing::filled(int64_t step) {
  // Once its last sample was taken, `missing` counts this update and not an earlier one of the same slot.
  return next_.step > step && slot_of(step).missing == 0;
}

RingSlot& BatchRing::wait(int64_t step) {
  std::unique_lock hold(mutex_);
  filled_.wait(hold, [&] { return failure_ || filled(step); });
  if (!filled(step)) std::rethrow_exception(failure_);
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
  for (int64_t step = released_; step < next_.step; ++step)
    count += slots_[static_cast<size_t>(step) % slots_.size()].missing == 0 ? 1 : 0;
  return count;
}

}  // namespace realface::data
