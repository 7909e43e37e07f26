#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/masks.h"
#include "data/sampler.h"

namespace realface::data {

/// Where one sample goes: pointers into the batch's memory.
struct SampleSlot {
  uint8_t* image = nullptr;    // [H, W, 3]
  float* landmarks = nullptr;  // [68, 2]
  uint8_t* mask = nullptr;     // [N] patches, 0 or 1; null: none is drawn
};

/// What is known of a sample besides its pixels.
struct SampleFacts {
  uint64_t number = 0;  // of the frame in the whole dataset
  int8_t label = -1;
  int64_t masked = 0;  // patches
};

struct FrameReaderConfig {
  bool flip = false;
  MaskConfig mask{};
  int64_t patch = 16;
  uint64_t seed = 0;
  double max_bad_share = 1e-4;
};

/// Reads, checks and decodes the frames of one stream, and draws what is random about them. Any number of threads.
///
/// A frame whose checksum fails is read again from the disk; if it fails again, another one takes its place, drawn by
/// (seed, position), so that the choice does not depend on ranks or threads. Where more than `max_bad_share` of the
/// stream's frames were found damaged by this process, read() throws DataError instead.
class FrameReader {
 public:
  FrameReader(std::shared_ptr<const Dataset> dataset, std::vector<uint64_t> numbers, const FrameReaderConfig& config);

  SampleFacts read(const Draw& draw, const SampleSlot& slot);
  uint64_t frames() const { return numbers_.size(); }

 private:
  /// False where the frame is damaged; `why` says how.
  bool load(uint64_t number, uint8_t* image, std::string& why) const;
  bool load_once(const Dataset::Place& place, uint8_t* image, std::string& why) const;
  void note_damage(uint64_t number, const std::string& why);
  void finish(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const;

  std::shared_ptr<const Dataset> dataset_;
  std::vector<uint64_t> numbers_;
  FrameReaderConfig config_;
  std::mutex damage_mutex_;
  std::set<uint64_t> damaged_;
};

/// Mirrors a picture in place.
void mirror(uint8_t* rgb, int64_t height, int64_t width);

}  // namespace realface::data
