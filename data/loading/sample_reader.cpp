#include "data/loading/sample_reader.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/counter_rng.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "data/codec/codec.h"
#include "data/faces/landmarks.h"
#include "data/faces/self_blend.h"

namespace realface::data {
namespace {

constexpr uint64_t kMostAttempts = 1000;
constexpr size_t kLandmarkBytes = ShardTable::kLandmarkBytes, kLandmarkNumbers = kLandmarkBytes / sizeof(float);

std::string name_of(const Dataset& dataset, uint64_t number) {
  const Dataset::Place place = dataset.find(number);
  std::string name = "[";
  return name.append(dataset.name(place.shard)).append("] frame ").append(std::to_string(place.frame));
}

void count_bytes(size_t bytes) {
  static telemetry::Number& counter = telemetry::counter("data_read_bytes_total");
  counter.add(static_cast<double>(bytes));
}

/// G11: the landmarks of a clip are the median of its frames', point by point.
void median_of(std::vector<float>& frames, size_t count, float* median) {
  std::vector<float> column(count);
  for (size_t i = 0; i < kLandmarkNumbers; ++i) {
    for (size_t t = 0; t < count; ++t) { column[t] = frames[t * kLandmarkNumbers + i]; }
    std::ranges::sort(column);
    median[i] = (column[(count - 1) / 2] + column[count / 2]) / 2;
  }
}

}  // namespace

FrameReader::FrameReader(std::shared_ptr<const Dataset> dataset, std::shared_ptr<const Items> items,
                         const FrameReaderConfig& config)
    : dataset_(std::move(dataset)), items_(std::move(items)), config_(config) {}

void FrameReader::advise(const ReadPlan& plan) const {
  for (size_t group = 0; group < plan.group_count(); ++group) {
    const FileRange range = plan.range_of(*dataset_, group);
    const PositionedFile& file = dataset_->file(range.shard);
    file.advise(range.begin, range.size());
    const uint64_t first = dataset_->find(plan.pieces[plan.groups[group]].number).frame;
    const uint64_t last = dataset_->find(plan.pieces[plan.groups[group + 1] - 1].number).frame;
    file.advise(dataset_->table(range.shard)->landmarks_at(first), (last + 1 - first) * kLandmarkBytes);
  }
}

void FrameReader::read_group(const ReadPlan& plan, size_t group, const Target& target) {
  thread_local std::vector<std::byte> bytes;
  const FileRange range = plan.range_of(*dataset_, group);
  bytes.resize(range.size());
  bool whole = true;
  try {
    dataset_->file(range.shard).read(range.begin, bytes.data(), bytes.size());
    count_bytes(bytes.size());
  } catch (const DataError&) {
    whole = false;  // one by one, below: some of the frames may still be there
  }
  const auto frames = static_cast<size_t>(items_->frames());
  for (size_t i = plan.groups[group]; i < plan.groups[group + 1]; ++i) {
    const Piece& piece = plan.pieces[i];
    const FileRange mine = dataset_->range_of(piece.number);
    uint8_t* image = target.images + (piece.row * frames + piece.t) * frame_bytes();
    std::string why;
    if (whole && decode(piece.number, std::span(bytes).subspan(mine.begin - range.begin, mine.size()), image, why)) {
      continue;
    }
    if (!load_again(piece.number, image)) { target.damaged[piece.row].store(1); }
  }
}

bool FrameReader::decode(uint64_t number, std::span<const std::byte> blob, uint8_t* image, std::string& why) const {
  const Dataset::Place place = dataset_->find(number);
  const Manifest& manifest = dataset_->manifest();
  if (crc32c(blob) != dataset_->table(place.shard)->crc32c[place.frame]) {
    why = name_of(*dataset_, number) + " does not have its CRC32C";
    return false;
  }
  try {
    decode_frame(manifest.codec, blob, static_cast<int>(manifest.height), static_cast<int>(manifest.width), image);
  } catch (const DataError& error) {
    why = name_of(*dataset_, number) + ": " + error.what();
    return false;
  }
  return true;
}

bool FrameReader::load(uint64_t number, uint8_t* image, std::string& why) const {
  thread_local std::vector<std::byte> blob;
  const FileRange range = dataset_->range_of(number);
  try {
    blob.resize(range.size());
    dataset_->file(range.shard).read(range.begin, blob.data(), blob.size());
    count_bytes(blob.size());
  } catch (const DataError& error) {
    why = name_of(*dataset_, number) + ": " + error.what();
    return false;
  }
  return decode(number, blob, image, why);
}

bool FrameReader::load_again(uint64_t number, uint8_t* image) {
  const FileRange range = dataset_->range_of(number);
  dataset_->file(range.shard).forget(range.begin, range.size());
  std::string why;
  if (load(number, image, why)) { return true; }
  note_damage(number, why);
  return false;
}

bool FrameReader::load_all(const std::vector<uint64_t>& numbers, uint8_t* images) {
  std::string why;
  for (size_t t = 0; t < numbers.size(); ++t) {
    uint8_t* image = images + t * frame_bytes();
    if (!load(numbers[t], image, why) && !load_again(numbers[t], image)) { return false; }
  }
  return true;
}

bool FrameReader::load_landmarks(const std::vector<uint64_t>& numbers, float* landmarks, std::vector<float>& all) {
  all.resize(numbers.size() * kLandmarkNumbers);
  for (size_t t = 0; t < numbers.size(); ++t) {
    const Dataset::Place place = dataset_->find(numbers[t]);
    const ShardTable& table = *dataset_->table(place.shard);
    const PositionedFile& file = dataset_->file(place.shard);
    const uint64_t at = table.landmarks_at(place.frame);
    float* mine = &all[t * kLandmarkNumbers];
    const auto whole = [&] {
      try {
        file.read(at, mine, kLandmarkBytes);
      } catch (const DataError&) { return false; }
      return crc32c(mine, kLandmarkBytes) == table.landmarks_crc32c[place.frame];
    };
    if (whole()) { continue; }
    file.forget(at, kLandmarkBytes);
    if (whole()) { continue; }
    note_damage(numbers[t], name_of(*dataset_, numbers[t]) + ": its landmarks do not have their CRC32C");
    return false;
  }
  median_of(all, numbers.size(), landmarks);
  return true;
}

/// A real face has no mask, and nothing in it was tampered with.
bool FrameReader::load_truth(uint64_t number, uint8_t* tampered) {
  const Dataset::Place place = dataset_->find(number);
  const ShardTable& table = *dataset_->table(place.shard);
  const PositionedFile& file = dataset_->file(place.shard);
  const int height = static_cast<int>(dataset_->manifest().height),
            width = static_cast<int>(dataset_->manifest().width);
  const uint64_t at = table.mask_at(place.frame), size = table.mask_bytes(place.frame);
  if (size == 0) {
    std::memset(tampered, label_of(number) == 0 ? 0 : kNotKnown,
                static_cast<size_t>(height) * static_cast<size_t>(width));
    return true;
  }
  thread_local std::vector<std::byte> blob;
  blob.resize(size);
  std::string why;
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      file.read(at, blob.data(), size);
      decode_mask(blob, height, width, tampered);
      return true;
    } catch (const DataError& error) { why = error.what(); }
    file.forget(at, size);
  }
  note_damage(number, name_of(*dataset_, number) + ": its mask: " + why);
  return false;
}

bool FrameReader::load_rest(const std::vector<uint64_t>& numbers, const SampleSlot& slot, SampleFacts& facts) {
  thread_local std::vector<float> scratch;
  auto& of_frames = config_.by_frame ? facts.landmarks : scratch;
  if (!load_landmarks(numbers, slot.landmarks, of_frames) || !has_row(numbers.front())) { return false; }
  for (size_t t = 0; config_.truth && t < numbers.size(); ++t) {
    if (!load_truth(numbers[t], slot.tampered + t * frame_bytes() / 3)) { return false; }
  }
  return true;
}

/// A frame whose clip was damaged when faces were restored has no row; another takes its place.
bool FrameReader::has_row(uint64_t number) const {
  return config_.companion == nullptr || config_.companion->has(number);
}

SampleFacts FrameReader::read(const Draw& draw, const SampleSlot& slot) {
  std::vector<uint64_t> numbers(static_cast<size_t>(items_->frames()));
  items_->frames_of(draw, numbers.data());
  const bool damaged = !load_all(numbers, slot.images);
  return finish(draw, std::move(numbers), damaged, slot);
}

SampleFacts FrameReader::finish(const Draw& draw, std::vector<uint64_t> numbers, bool damaged, const SampleSlot& slot) {
  SampleFacts facts;
  damaged = damaged || !load_rest(numbers, slot, facts);
  facts.substituted = damaged;
  for (uint64_t attempt = 0; damaged; ++attempt) {
    if (attempt == kMostAttempts) {
      throw DataError(
          name_of(*dataset_, numbers.front()) + " is damaged, and so are " + std::to_string(kMostAttempts) +
          " others that were drawn of its class; run `realface verify` on the shards, then copy or make the damaged ones again");
    }
    Draw other = draw;
    other.item = items_->substitute(draw, attempt);
    items_->frames_of(other, numbers.data());
    damaged = !load_all(numbers, slot.images) || !load_rest(numbers, slot, facts);
  }
  facts.number = numbers.front();
  facts.frames = std::move(numbers);
  facts.label = label_of(facts.number);
  draw_on(draw, slot, facts);
  return facts;
}

int8_t FrameReader::label_of(uint64_t number) const {
  const Dataset::Place place = dataset_->find(number);
  const ShardTable& table = *dataset_->table(place.shard);
  if (!has_frames(items_->unit())) { return table.label[place.frame]; }
  const auto next = std::upper_bound(table.first.begin(), table.first.end(), place.frame);
  return table.video_label[static_cast<size_t>(next - table.first.begin()) - 1];
}

void FrameReader::draw_on(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const {
  thread_local std::vector<uint8_t> scratch;
  const int64_t size = dataset_->manifest().width;
  if (config_.sbi > 0) { blend(draw, slot, facts); }
  const Augmentation drawn = draw_augmentation(config_.augment, size, config_.seed, draw.epoch, facts.number);
  for (int64_t t = 0; t < items_->frames(); ++t) {
    const size_t place = static_cast<size_t>(t) * frame_bytes();
    augment_picture(drawn, slot.images + place, size, scratch);
    if (slot.tampered != nullptr) { augment_map(drawn, slot.tampered + place / 3, size, scratch); }
  }
  augment_landmarks(drawn, std::span<float, 136>(slot.landmarks, kLandmarkNumbers), size);
  for (size_t at = 0; at < facts.landmarks.size(); at += kLandmarkNumbers) {
    augment_landmarks(drawn, std::span<float, 136>(&facts.landmarks[at], kLandmarkNumbers), size);
  }
  if (slot.companion != nullptr) { config_.companion->read(facts.number, drawn, size, slot.companion); }
  if (slot.mask != nullptr) { draw_masks(draw, slot, facts); }
}

std::vector<uint8_t> FrameReader::drawn_masks(const Draw& draw, const SampleSlot& slot, const SampleFacts& facts,
                                              int64_t grid) const {
  const Landmarks landmarks(slot.landmarks, kLandmarkNumbers);
  if (config_.passes > 0) {
    return draw_passes(config_.mask, config_.passes, config_.cover, grid, config_.patch, landmarks, config_.seed,
                       facts.number, config_.slots);
  }
  if (!config_.by_frame) {
    return draw_mask(config_.mask, grid, config_.patch, landmarks, config_.seed, draw.epoch, facts.number,
                     config_.slots);
  }
  std::vector<uint8_t> masks;
  for (size_t t = 0; t < facts.frames.size(); ++t) {
    const auto mask = draw_mask(config_.mask, grid, config_.patch,
                                Landmarks(&facts.landmarks[t * kLandmarkNumbers], kLandmarkNumbers), config_.seed,
                                /*epoch=*/0, facts.frames[t]);
    masks.insert(masks.end(), mask.begin(), mask.end());
  }
  return masks;
}

void FrameReader::draw_masks(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const {
  const int64_t grid = dataset_->manifest().width / config_.patch;
  const auto masks = drawn_masks(draw, slot, facts, grid);
  std::copy(masks.begin(), masks.end(), slot.mask);
  const int64_t tokens = config_.slots * grid * grid;
  facts.masked = tokens;
  for (auto begin = masks.begin(); begin != masks.end(); begin += tokens) {
    facts.masked = std::min(facts.masked, std::accumulate(begin, begin + tokens, int64_t{0}));
  }
}

/// Those that are not to be fakes are taken from the same process, so that nothing but the blend tells them apart.
void FrameReader::blend(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const {
  const auto size = static_cast<int>(dataset_->manifest().width);
  const SelfBlend blended = self_blend(slot.images, size, size, Landmarks(slot.landmarks, kLandmarkNumbers),
                                       config_.seed, draw.epoch, facts.number);
  CounterRng rng(config_.seed, CounterRng::Purpose::blend, {draw.epoch, facts.number, 1});
  const bool fake = blended.blended && rng.chance(config_.sbi);
  std::memcpy(slot.images, fake ? blended.fake.data() : blended.real.data(), frame_bytes());
  std::memset(slot.tampered, 0, blended.tampered.size());
  if (fake) { std::copy(blended.tampered.begin(), blended.tampered.end(), slot.tampered); }
  facts.label = fake ? 1 : 0;
}

void FrameReader::note_damage(uint64_t number, const std::string& why) {
  static telemetry::Number& errors = telemetry::counter("data_errors_total");
  errors.add(1);
  size_t damaged = 0;
  {
    const std::lock_guard hold(damage_mutex_);
    if (damaged_.insert(number).second) {
      new_damaged_.push_back(number);
      log::warn(why + ", also when read again; another sample takes its place");
    }
    damaged = damaged_.size();
  }
  const std::string fault = too_many(damaged);
  if (!fault.empty()) { throw DataError(why + ", also when read again; " + fault); }
}

std::vector<uint64_t> FrameReader::take_damaged() {
  const std::lock_guard hold(damage_mutex_);
  return std::exchange(new_damaged_, {});
}

std::string FrameReader::too_many(size_t damaged) const {
  const uint64_t frames = items_->stored_frames();
  if (static_cast<double>(damaged) <= config_.max_bad_share * static_cast<double>(frames)) { return ""; }
  return std::to_string(damaged) + " frames of a stream of " + std::to_string(frames) +
         " are damaged, more than data.max_bad_share allows; run `realface verify` on the shards, then copy or make the damaged ones again";
}

}  // namespace realface::data
