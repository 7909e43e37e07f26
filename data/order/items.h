#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/order/fold.h"
#include "data/order/order.h"
#include "data/shards/dataset.h"

namespace realface::data {

/// What one item of a stream is.
enum class Unit {
  frame,  // one stored frame
  video,  // one frame of a video, drawn by (seed, epoch, video) from its longest run of frames with the video's label
  clip,   // T stored frames of a video, `stride` apart, from a start drawn likewise
  segments,  // T frames of a video's run, one of each of T equal parts, drawn likewise; a short video's repeat (D1)
};

/// Whether an item has a dimension of frames, be it of one.
inline bool has_frames(Unit unit) { return unit == Unit::clip || unit == Unit::segments; }
Unit unit_of(const std::string& word);  // throws ConfigError for an unknown one

struct ItemsConfig {
  std::string split = "train", label = "any";  // train | val | test | all; real | fake | any
  std::string unit = "frame";                  // frame | video | clip | segments
  Fold fold = {};                              // the part of the videos that is meant
  std::vector<std::string> methods = {};       // fakes of these manipulations alone; empty: of all
  std::string balance = "none";                // of a shuffled stream: none | label (G20) | domain: datasets take turns
  int64_t frames = 1, stride = 1;              // of a clip; frames: of segments
  int64_t views = 1;  // not shuffled: items a video, evenly spread over it (one: its middle); 0: the clips that cover
                      // it, whatever the labels of its frames (cover.h)
  int64_t shortest = 1;  // stored frames of a video that is not left out
  bool shuffled = true;
  uint64_t seed = 0;
  bool windowed = false;
  uint64_t block_bytes = 16 << 20, blocks_per_window = 512;  // a window's blocks are shared out among the classes
};

/// The items of a stream: which stored frames each may show, in storage order, class after class. Immutable.
///
/// Frames are held as runs, so a dataset of few classes costs next to nothing; videos and clips cost 24 bytes each.
class Items {
 public:
  /// Throws ConfigError for an unknown word, DataError where nothing is found, and where a balance by label has only
  /// reals or only fakes.
  Items(const Dataset& dataset, const ItemsConfig& config);

  uint64_t size() const { return order_.classes.back().first + order_.classes.back().count; }
  Unit unit() const { return unit_; }
  int64_t frames() const { return has_frames(unit_) ? config_.frames : 1; }  // of an item
  uint64_t stored_frames() const { return stored_frames_; }                  // that items may show
  const OrderConfig& order() const { return order_; }
  /// Names of the classes, as order().classes lists them: "real", "fake/MANIPULATION", a dataset, or "all".
  const std::vector<std::string>& class_names() const { return names_; }
  /// Videos left out since they hold too few frames for a clip, or since no stored frame has their label (a fake's may
  /// all be real); frames (or videos) left out of a balance by label since theirs is unknown.
  int64_t too_short() const { return too_short_; }
  int64_t without_label() const { return without_label_; }
  int64_t unlabelled() const { return unlabelled_; }

  /// The numbers of the frames() frames that a draw shows, into `numbers`.
  void frames_of(const Draw& draw, uint64_t* numbers) const;
  /// Another item of the same class, for one that is damaged; a function of the seed, the position and the attempt.
  uint64_t substitute(const Draw& draw, uint64_t attempt) const;

  /// Where a block of a windowed class lies: the frames and the landmarks of whole videos of one shard, in several
  /// extents where other classes' lie between.
  std::vector<FileRange> extents_of(size_t number, uint64_t block) const;

 private:
  /// Stored frames [first, first + frames); `upto` items of the class up to and with this run.
  struct Run {
    uint64_t first = 0;
    uint32_t frames = 0;
    uint64_t upto = 0;
  };
  struct Block {
    std::vector<FileRange> frames, landmarks;
    uint64_t bytes = 0;       // of the class's own frames
    uint64_t last_video = 0;  // that it holds frames of
  };
  struct Class {
    std::vector<Run> runs;
    std::vector<Block> blocks;
    std::shared_ptr<Blocks> boundaries = std::make_shared<Blocks>();

    uint64_t items() const { return runs.empty() ? 0 : runs.back().upto; }
  };
  struct Video {
    size_t shard = 0, number = 0;
  };
  size_t class_of(const Dataset& dataset, const Video& video, int8_t label);
  size_t class_of_item(uint64_t item) const;
  size_t named(const std::string& name);
  bool of_fold(const Dataset& dataset, const Video& video) const;
  void require_methods(const Dataset& dataset) const;
  bool of_methods(const Dataset& dataset, const Video& video) const;
  [[noreturn]] void refuse_empty(const Dataset& dataset) const;
  void add_whole_video(const Dataset& dataset, const Video& video);
  void add_video(const Dataset& dataset, const Video& video);
  void add_run(const Dataset& dataset, const Video& video, size_t number, uint64_t begin, uint64_t end);
  void extend_block(const Dataset& dataset, const Video& video, Class& one, uint64_t begin, uint64_t end);
  void arrange();
  uint64_t span() const { return static_cast<uint64_t>((config_.frames - 1) * config_.stride + 1); }
  uint64_t views_of(uint64_t frames) const;
  /// Of `choices` places, the one that a view of an evaluation takes: evenly spread, one view in the middle.
  uint64_t place_of_view(uint64_t view, uint64_t choices) const;
  uint64_t start_in(const Run& run, uint64_t view, const Draw& draw) const;
  void segment_frames(const Run& run, uint64_t view, const Draw& draw, uint64_t* numbers) const;

  ItemsConfig config_;
  Unit unit_ = Unit::frame;
  std::vector<Class> classes_;
  std::vector<std::string> names_;
  OrderConfig order_;
  uint64_t stored_frames_ = 0;
  int64_t too_short_ = 0, without_label_ = 0, unlabelled_ = 0;
};

}  // namespace realface::data
