#include "data/frame_reader.h"

#include <algorithm>
#include <numeric>

#include "base/counter_rng.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "data/codec.h"
#include "data/landmarks.h"

namespace realface::data {
namespace {

using Purpose = CounterRng::Purpose;

std::string name_of(const Dataset::Place& place) {
  return "[" + place.table->name + "] frame " + std::to_string(place.frame);
}

}  // namespace

void mirror(uint8_t* rgb, int64_t height, int64_t width) {
  for (int64_t row = 0; row < height; ++row, rgb += 3 * width)
    for (uint8_t *left = rgb, *right = rgb + 3 * (width - 1); left < right; left += 3, right -= 3)
      std::swap_ranges(left, left + 3, right);
}

FrameReader::FrameReader(std::shared_ptr<const Dataset> dataset, std::vector<uint64_t> numbers,
                         const FrameReaderConfig& config)
    : dataset_(std::move(dataset)), numbers_(std::move(numbers)), config_(config) {}

SampleFacts FrameReader::read(const Draw& draw, const SampleSlot& slot) {
  SampleFacts facts;
  facts.number = numbers_[draw.item];
  std::string why;
  for (uint64_t attempt = 0; !load(facts.number, slot.image, why); ++attempt) {
    note_damage(facts.number, why);
    CounterRng rng(config_.seed, Purpose::order, {draw.position, attempt});
    facts.number = numbers_[rng.below(numbers_.size())];
  }
  const Dataset::Place place = dataset_->find(facts.number);
  facts.label = place.table->label[place.frame];
  place.table->file.read(place.table->landmarks_at + place.frame * 136 * sizeof(float), slot.landmarks,
                         136 * sizeof(float));
  finish(draw, slot, facts);
  return facts;
}

void FrameReader::finish(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const {
  const Manifest& manifest = dataset_->manifest();
  if (config_.flip && CounterRng(config_.seed, Purpose::flip, {draw.epoch, facts.number}).chance(0.5)) {
    mirror(slot.image, manifest.height, manifest.width);
    flip_landmarks(std::span<float, 136>(slot.landmarks, 136), static_cast<int>(manifest.width));
  }
  if (slot.mask == nullptr) return;
  const auto mask = draw_mask(config_.mask, manifest.width / config_.patch, config_.patch,
                              Landmarks(slot.landmarks, 136), config_.seed, draw.epoch, facts.number);
  std::copy(mask.begin(), mask.end(), slot.mask);
  facts.masked = std::accumulate(mask.begin(), mask.end(), int64_t{0});
}

bool FrameReader::load(uint64_t number, uint8_t* image, std::string& why) const {
  const Dataset::Place place = dataset_->find(number);
  if (load_once(place, image, why)) return true;
  const FrameTable& table = *place.table;
  table.file.forget(table.blob_at + table.offset[place.frame],
                    table.offset[place.frame + 1] - table.offset[place.frame]);
  return load_once(place, image, why);
}

bool FrameReader::load_once(const Dataset::Place& place, uint8_t* image, std::string& why) const {
  thread_local std::vector<std::byte> blob;
  static telemetry::Number& bytes_read = telemetry::counter("data_read_bytes_total");
  const FrameTable& table = *place.table;
  const Manifest& manifest = dataset_->manifest();
  try {
    blob.resize(table.offset[place.frame + 1] - table.offset[place.frame]);
    table.file.read(table.blob_at + table.offset[place.frame], blob.data(), blob.size());
    bytes_read.add(static_cast<double>(blob.size()));
    if (crc32c(blob) != table.crc32c[place.frame]) {
      why = name_of(place) + " does not have its CRC32C";
      return false;
    }
    decode_frame(manifest.codec, blob, static_cast<int>(manifest.height), static_cast<int>(manifest.width), image);
  } catch (const DataError& error) {
    why = name_of(place) + ": " + error.what();
    return false;
  }
  return true;
}

void FrameReader::note_damage(uint64_t number, const std::string& why) {
  static telemetry::Number& errors = telemetry::counter("data_errors_total");
  errors.add(1);
  size_t damaged = 0;
  {
    const std::lock_guard hold(damage_mutex_);
    if (damaged_.insert(number).second) log::warn(why + ", also when read again; another frame takes its place");
    damaged = damaged_.size();
  }
  if (static_cast<double>(damaged) > config_.max_bad_share * static_cast<double>(numbers_.size()))
    throw DataError(
        why + ", also when read again; " + std::to_string(damaged) + " of " + std::to_string(numbers_.size()) +
        " frames are damaged, more than data.max_bad_share allows; run `realface verify` on the shards, then "
        "copy or make the damaged ones again");
}

}  // namespace realface::data
