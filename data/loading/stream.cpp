#include "data/loading/stream.h"

#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "distributed/agreement.h"

namespace realface::data {
namespace {

constexpr int64_t kDamageEvery = 64;  // updates

using telemetry::Phase;
using telemetry::PhaseTimer;

FrameReaderConfig reader_config(const DataConfig& config, const StreamNeeds& needs,
                                std::shared_ptr<const Companion> companion) {
  return {.augment = needs.augment,
          .sbi = needs.sbi,
          .mask = needs.mask,
          .truth = needs.truth,
          .passes = needs.passes,
          .slots = needs.slots,
          .cover = needs.cover,
          .by_frame = needs.by_frame,
          .companion = std::move(companion),
          .patch = needs.patch,
          .seed = needs.seed,
          .max_bad_share = config.max_bad_share};
}

std::shared_ptr<const Companion> companion_of(const StreamNeeds& needs, const Dataset& dataset) {
  if (needs.companion.empty()) { return nullptr; }
  auto companion = Companion::open(needs.companion, dataset.digest());
  const auto& split = companion->facts().split;
  if (split == "all" || split == needs.split) { return companion; }
  throw DataError(
      fmt::format("[data.{}] {} holds rows of split '{}' alone, but this stream reads '{}'; run its stage again with "
                  "composite.split=all",
                  needs.name, needs.companion, split, needs.split));
}

std::shared_ptr<const Items> items_of(const Dataset& dataset, const DataConfig& config, const StreamNeeds& needs,
                                      const Companion* companion) {
  ItemsConfig items;
  items.split = needs.split;
  items.label = needs.label;
  items.unit = needs.unit;
  items.fold = needs.fold;
  items.methods = needs.methods;
  items.balance = needs.balance;
  items.frames = needs.frames;
  items.stride = needs.stride;
  items.views = needs.views;
  if (companion != nullptr) { items.shortest = companion->facts().shortest; }
  items.shuffled = needs.endless;
  items.seed = needs.seed;
  items.windowed = config.order == "window" && needs.endless;
  items.block_bytes = static_cast<uint64_t>(config.block_mb) << 20;
  items.blocks_per_window = static_cast<uint64_t>(config.window_blocks);
  auto found = std::make_shared<const Items>(dataset, items);
  if (found->too_short() > 0) {
    log::info("[data] " + std::to_string(found->too_short()) + " videos hold too few frames for a clip of " +
              std::to_string(std::max(items.shortest, needs.frames)) + " and are left out");
  }
  if (found->without_label() > 0) {
    log::info("[data] " + std::to_string(found->without_label()) +
              " videos have no stored frame with the video's label and are left out");
  }
  if (found->unlabelled() > 0) {
    log::info("[data] " + std::to_string(found->unlabelled()) + " " + needs.unit +
              "s have no label and are left out of the balance");
  }
  return found;
}

/// What decides which sample stands where, besides seed and dataset.
std::string order_text(const DataConfig& config, const StreamNeeds& needs) {
  std::string text = needs.split + " " + needs.label + " " + needs.unit + ", balance " + needs.balance;
  for (const auto& method : needs.methods) { text += ", " + method; }
  if (needs.fold.share > 0) { text += fmt::format(", fold {} of {}", needs.fold.second ? 2 : 1, needs.fold.share); }
  if (has_frames(unit_of(needs.unit))) {
    text += ", " + std::to_string(needs.frames) + " frames, stride " + std::to_string(needs.stride);
  }
  if (config.order == "window" && needs.endless) {
    text += ", windows of " + std::to_string(config.window_blocks) + " x " + std::to_string(config.block_mb) + " MiB";
  }
  return text;
}

[[noreturn]] void refuse_resume(const std::string& part, const std::string& key, const std::string& saved,
                                const std::string& here) {
  std::string message = "[";
  message.append(part).append("] was stopped with ").append(key).append(" ").append(saved);
  message.append("; here it is ").append(here);
  message.append(
      "; resume with the dataset, the seed and the kind of stream (data.order, its windows, unit, balance) that it began with, or begin in a new run.dir");
  throw DataError(message);
}

std::string changed_batch(const std::string& part, const std::string& saved, const std::string& here) {
  std::string message = part;
  message.append(": batches of ").append(here).append(" samples follow batches of ").append(saved);
  return message;
}

}  // namespace

Stream::Stream(const DataConfig& config, const StreamNeeds& needs, std::shared_ptr<const Dataset> dataset,
               distributed::World& world)
    : needs_(needs),
      workers_(workers_for(config, !world.device().is_cpu(), world.cores())),
      slots_(config.prefetch + 1),
      order_(order_text(config, needs)),
      dataset_(std::move(dataset)),
      companion_(companion_of(needs, *dataset_)),
      items_(items_of(*dataset_, config, needs, companion_.get())),
      reader_(dataset_, items_, reader_config(config, needs, companion_)),
      group_(world.host_group()),
      device_(world.device()),
      copy_(device_),
      dealing_{static_cast<uint64_t>(needs.batch), static_cast<uint64_t>(needs.fixed ? 1 : world.size()),
               static_cast<uint64_t>(needs.fixed ? 0 : world.rank()), static_cast<uint64_t>(needs.group)} {
  if (companion_) { order_ += ", companion of weights " + companion_->facts().weights_sha256; }
  if (config.order == "window" && needs.endless) {
    stager_ = std::make_unique<WindowStager>(dataset_, items_, world.local_rank(), world.local_size());
  }
  if (needs.mask.kind == "none") { return; }
  const int64_t grid = needs.image / needs.patch;
  patches_ = needs.slots * grid * grid;
  if (needs.several_masks()) { return; }  // nothing is normalised by their number
  fixed_masked_ = needs.slots * fixed_mask_count(needs.mask, grid);
  counts_ = fixed_masked_ == 0 || !needs.endless;  // an evaluation's padding and substitutes count nothing
}

Stream::~Stream() {
  try {
    stop();
  } catch (const std::exception& error) { log::warn("[" + part_name() + "] while closing: " + error.what()); }
}

int64_t Stream::updates_left() const {
  return needs_.endless ? -1 : std::max<int64_t>(0, steps_per_epoch() - updates());
}

void Stream::begin() {
  RingConfig config;
  config.share = static_cast<int64_t>(dealing_.share());
  config.height = dataset_->manifest().height;
  config.width = dataset_->manifest().width;
  config.patches = patches_;
  config.masks = needs_.by_frame ? items_->frames() : needs_.passes * (needs_.cover ? 2 : 1);
  config.clips = has_frames(items_->unit());
  config.tampered = needs_.sbi > 0 || needs_.truth;
  if (companion_) { config.companion = companion_->shape(); }
  config.pinned = !device_.is_cpu();
  config.workers = workers_;
  config.slots = slots_;
  config.advise = stager_ == nullptr;
  step_ = 0;
  std::function<void(uint64_t)> begun;
  if (stager_) {
    begun = [this](uint64_t position) { stager_->reach(position); };
  }
  ring_ = std::make_unique<BatchRing>(config, reader_, dealing_, position_, updates_left(), std::move(begun));
}

void Stream::stop() {
  ring_.reset();
  // A count that is on its way needs all ranks; while an exception unwinds they may be gone.
  if (count_ && count_->pending && std::uncaught_exceptions() == 0) { count_->pending->wait(); }
  count_.reset();
  for (auto* flight : {&flight_, &last_flight_}) {
    if (*flight) { copy_.land(**flight); }
    flight->reset();
  }
}

RingSlot& Stream::wait(int64_t step) {
  const PhaseTimer timer(Phase::data_wait);
  return ring_->wait(step);
}

std::shared_ptr<DeviceCopy::Flight> Stream::fly(const RingSlot& slot) {
  const PhaseTimer timer(Phase::h2d);
  std::vector<torch::Tensor> tensors;
  for (const auto member : kBatchTensors) { tensors.push_back(slot.*member); }
  return copy_.start(tensors);
}

/// Padding does not count: it has no weight in any loss.
void Stream::start_count(int64_t step) {
  const RingSlot& slot = wait(step);
  const float* weights = slot.weights.const_data_ptr<float>();
  int64_t masked = 0;
  for (size_t i = 0; i < slot.masked.size(); ++i) { masked += weights[i] > 0 ? slot.masked[i] : 0; }
  Count count{at::tensor(masked, torch::kInt64), nullptr};
  count.pending = group_.all_reduce(count.value);
  count_ = count;
}

int64_t Stream::take_count(int64_t step) {
  if (patches_ == 0 || needs_.several_masks()) { return 0; }
  if (!counts_) { return fixed_masked_ * needs_.batch; }
  if (!count_) { start_count(step); }
  const PhaseTimer timer(Phase::data_wait);
  count_->pending->wait();
  const auto masked = count_->value.item<int64_t>();
  count_.reset();
  return masked;
}

/// A rank meets its own share of the damage alone, and data.max_bad_share is of the whole stream.
void Stream::agree_on_damage() {
  const std::vector<uint64_t> mine = reader_.take_damaged();
  if (!distributed::any(group_, !mine.empty())) { return; }
  for (const std::string& text : distributed::gather_strings(group_, nlohmann::json(mine).dump())) {
    for (const auto& number : nlohmann::json::parse(text)) { damaged_.insert(number.get<uint64_t>()); }
  }
  const std::string fault = reader_.too_many(damaged_.size());
  if (!fault.empty()) { throw DataError("[" + part_name() + "] over all ranks, " + fault); }
}

std::optional<Stream::Update> Stream::next() {
  if (!needs_.fixed) { return read(); }
  if (!fixed_) {
    fixed_ = read();
    position_ = 0;
    stop();
  }
  return fixed_;
}

std::optional<Stream::Update> Stream::read() {
  static telemetry::Number& depth = telemetry::gauge("data_queue_depth");
  const int64_t left = updates_left();
  if (left == 0) { return std::nullopt; }
  if (!ring_) { begin(); }
  if (last_flight_) { copy_.land(*last_flight_); }
  last_flight_.reset();
  ring_->release_before(step_);
  depth.set(static_cast<double>(ring_->ready()));

  const RingSlot& slot = wait(step_);
  if (updates() % kDamageEvery == kDamageEvery - 1 || left == 1) { agree_on_damage(); }
  if (!flight_) { flight_ = fly(slot); }
  last_flight_ = std::exchange(flight_, nullptr);
  Update update;
  update.masked = take_count(step_);
  update.batches = split(slot, copy_.finish(*last_flight_));
  position_ += static_cast<uint64_t>(needs_.batch);
  ++step_;

  begin_flight(left - 1);
  // One update ahead, at this very place on every rank: no other collective of the host group can come in between on
  // some ranks only.
  if (counts_ && left != 1) { start_count(step_); }
  return update;
}

/// The next update's copy runs beside this update's computation, if its slot is full already.
void Stream::begin_flight(int64_t left) {
  if (device_.is_cpu() || left == 0) { return; }
  if (const RingSlot* slot = ring_->peek(step_)) { flight_ = fly(*slot); }
}

std::vector<Batch> Stream::split(const RingSlot& slot, const std::vector<torch::Tensor>& whole) const {
  std::vector<Batch> batches;
  const auto share = static_cast<int64_t>(dealing_.share());
  const int64_t size = share / needs_.accumulate;
  for (int64_t begin = 0; begin < share; begin += size) {
    const auto part = [&](const torch::Tensor& tensor) {
      return tensor.defined() ? tensor.narrow(0, begin, size) : tensor;
    };
    Batch batch;
    for (size_t i = 0; i < kBatchTensors.size(); ++i) { batch.*kBatchTensors[i] = part(whole[i]); }
    batch.epochs.assign(slot.epochs.begin() + begin, slot.epochs.begin() + begin + size);
    batch.samples.assign(slot.samples.begin() + begin, slot.samples.begin() + begin + size);
    const int64_t frames = items_->frames();
    batch.frames.assign(slot.frames.begin() + begin * frames, slot.frames.begin() + (begin + size) * frames);
    const auto first = slot.masked.begin() + begin;
    batch.masked = needs_.several_masks() ? 0 : std::accumulate(first, first + size, int64_t{0});
    batch.visible_max = patches_ - *std::min_element(first, first + size);
    batch.fixed_visible = patches_ == 0 || fixed_masked_ > 0;
    batches.push_back(std::move(batch));
  }
  return batches;
}

nlohmann::json Stream::values() const {
  return {{"seed", needs_.seed},  {"position", position_},        {"batch", needs_.batch},
          {"samples", samples()}, {"digest", dataset_->digest()}, {"order", order_}};
}

void Stream::restore(const nlohmann::json& values) {
  const nlohmann::json mine = this->values();
  for (const char* key : {"digest", "samples", "seed", "order"}) {
    if (values.at(key) != mine.at(key)) { refuse_resume(part_name(), key, values.at(key).dump(), mine.at(key).dump()); }
  }
  if (values.at("batch") != mine.at("batch")) {
    log::warn(changed_batch(part_name(), values.at("batch").dump(), mine.at("batch").dump()));
  }
  stop();
  fixed_.reset();
  position_ = values.at("position").get<uint64_t>();
}

}  // namespace realface::data
