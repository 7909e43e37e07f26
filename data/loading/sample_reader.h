#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "data/faces/augment.h"
#include "data/faces/masks.h"
#include "data/loading/companion.h"
#include "data/loading/read_plan.h"
#include "data/order/items.h"
#include "data/shards/dataset.h"

namespace realface::data {

/// Where one sample goes: pointers into the batch's memory.
struct SampleSlot {
  uint8_t* images = nullptr;      // [T, H, W, 3]
  float* landmarks = nullptr;     // [68, 2]
  uint8_t* mask = nullptr;        // [N] patches, 0 or 1, or those of all passes; null: none is drawn
  uint8_t* tampered = nullptr;    // [T, H, W], 0, 1 or kNotKnown; null unless self-blended or asked for
  uint16_t* companion = nullptr;  // [C, h, w], f16; null: there is none
};

/// What is known of a sample besides its pixels.
struct SampleFacts {
  uint64_t number = 0;                // of its first frame in the whole dataset: the key of what is drawn about it
  std::vector<uint64_t> frames = {};  // the numbers of all of its frames
  int8_t label = -1;
  std::vector<float> landmarks = {};  // of each of them, augmented, if masks are drawn by frame
  int64_t masked = 0;                 // patches; of several masks, the fewest of one
  bool substituted = false;
};

struct FrameReaderConfig {
  AugmentConfig augment{};
  double sbi = 0;  // share of the samples that become self-blended fakes; the others get the same treatment unblended
  MaskConfig mask{};
  bool truth = false;  // SampleSlot::tampered comes from the shards
  int64_t passes = 0;  // masks a sample (draw_passes); 0: one
  int64_t slots = 1;   // of a clip's mask, one for each tubelet
  bool cover = false;
  bool by_frame = false;  // a mask of each frame
  std::shared_ptr<const Companion> companion = {};
  int64_t patch = 16;
  uint64_t seed = 0;
  double max_bad_share = 1e-4;
};

/// Reads, checks and decodes the frames of one stream, and draws what is random about them. Any number of threads.
///
/// A frame or landmarks whose checksum fails are read again from the disk; if they fail again, another item of the same
/// class takes the sample's place, drawn by (seed, position), so that the choice does not depend on ranks or threads.
/// Where more than `max_bad_share` of the stream's frames were found damaged by this process, or no whole item is found
/// among 1,000 of a class, DataError is thrown instead. (The stream puts together what all ranks found.)
class FrameReader {
 public:
  FrameReader(std::shared_ptr<const Dataset> dataset, std::shared_ptr<const Items> items,
              const FrameReaderConfig& config);

  const Items& items() const { return *items_; }
  ReadPlan plan(std::vector<Draw> draws) const { return make_read_plan(*dataset_, *items_, std::move(draws)); }
  /// Tells the kernel what a plan will read.
  void advise(const ReadPlan& plan) const;

  /// Where the frames of a plan go, and which samples turned out damaged.
  struct Target {
    uint8_t* images = nullptr;                // [rows, T, H, W, 3]
    std::atomic<uint8_t>* damaged = nullptr;  // [rows], set to 1
  };
  /// One group of a plan: read, checked, decoded.
  void read_group(const ReadPlan& plan, size_t group, const Target& target);
  /// Completes a sample whose frames are there: replaces a damaged one, reads landmarks, augments, draws the mask.
  SampleFacts finish(const Draw& draw, std::vector<uint64_t> numbers, bool damaged, const SampleSlot& slot);

  /// The frames found damaged since the last call.
  std::vector<uint64_t> take_damaged();
  /// What is wrong with a stream of which so many frames are damaged; empty: they are few enough.
  std::string too_many(size_t damaged) const;

  /// A whole sample by itself.
  SampleFacts read(const Draw& draw, const SampleSlot& slot);

 private:
  size_t frame_bytes() const {
    return static_cast<size_t>(dataset_->manifest().height * dataset_->manifest().width * 3);
  }
  bool decode(uint64_t number, std::span<const std::byte> blob, uint8_t* image, std::string& why) const;
  bool load(uint64_t number, uint8_t* image, std::string& why) const;
  bool load_again(uint64_t number, uint8_t* image);  // past the kernel's copy; notes the damage where that fails too
  bool load_all(const std::vector<uint64_t>& numbers, uint8_t* images);
  bool has_row(uint64_t number) const;  // in the companion, if there is one
  bool load_landmarks(const std::vector<uint64_t>& numbers, float* landmarks, std::vector<float>& of_frames);
  bool load_truth(uint64_t number, uint8_t* tampered);
  bool load_rest(const std::vector<uint64_t>& numbers, const SampleSlot& slot,
                 SampleFacts& facts);  // all but the pixels
  void note_damage(uint64_t number, const std::string& why);
  void draw_on(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const;
  void blend(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const;
  void draw_masks(const Draw& draw, const SampleSlot& slot, SampleFacts& facts) const;
  std::vector<uint8_t> drawn_masks(const Draw& draw, const SampleSlot& slot, const SampleFacts& facts,
                                   int64_t grid) const;
  int8_t label_of(uint64_t number) const;

  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<const Items> items_;
  FrameReaderConfig config_;
  std::mutex damage_mutex_;
  std::set<uint64_t> damaged_;
  std::vector<uint64_t> new_damaged_;
};

}  // namespace realface::data
