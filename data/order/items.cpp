#include "data/order/items.h"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/order/cover.h"

namespace realface::data {
namespace {

constexpr const char* kReal = "real";
constexpr uint64_t kReadAlong = 1 << 20;  // of other classes' bytes that are read along rather than left out

std::string listed(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) { list.append(list.empty() ? "" : ", ").append(name); }
  return list;
}

void check_word(const std::string& key, const std::string& word, const std::vector<std::string>& known) {
  if (std::ranges::find(known, word) != known.end()) { return; }
  throw ConfigError("[data] a stream asks for the " + key + " '" + word + "'; known: " + listed(known));
}

/// The end of the run of equal labels that begins here.
uint64_t run_end(const ShardTable& table, uint64_t begin, uint64_t end) {
  const auto differs = [label = table.label[begin]](int8_t other) { return other != label; };
  const auto first = table.label.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto last = table.label.begin() + static_cast<std::ptrdiff_t>(end);
  return begin + static_cast<uint64_t>(std::find_if(first, last, differs) - first);
}

/// The longest run of frames in [first, end) that have this label; empty where none has.
std::pair<uint64_t, uint64_t> longest_run(const ShardTable& table, uint64_t first, uint64_t end, int8_t label) {
  std::pair<uint64_t, uint64_t> best{first, first};
  for (uint64_t begin = first; begin < end;) {
    const uint64_t stop = run_end(table, begin, end);
    if (table.label[begin] == label && stop - begin > best.second - best.first) { best = {begin, stop}; }
    begin = stop;
  }
  return best;
}

/// Extents come in storage order.
void add_extent(std::vector<FileRange>& extents, const FileRange& more) {
  if (extents.empty() || more.begin > extents.back().end + kReadAlong) {
    extents.push_back(more);
  } else {
    extents.back().end = more.end;
  }
}

bool sought(const std::string& label, int8_t found) { return label == "any" || found == (label == kReal ? 0 : 1); }

}  // namespace

Unit unit_of(const std::string& word) {
  check_word("unit", word, {"frame", "video", "clip", "segments"});
  return word == "frame" ? Unit::frame : word == "video" ? Unit::video : word == "clip" ? Unit::clip : Unit::segments;
}

Items::Items(const Dataset& dataset, const ItemsConfig& config) : config_(config), unit_(unit_of(config.unit)) {
  check_word("label", config.label, {kReal, "fake", "any"});
  check_word("balance", config.balance, {"none", "label", "domain"});
  if (!config_.shuffled) {
    config_.balance = "none";  // once through, in storage order
  }
  const bool covers = config.views == 0 && unit_ == Unit::clip && config.stride == 1 && !config.shuffled;
  if (config.frames < 1 || config.stride < 1 || (config.views < 1 && !covers)) {
    throw ConfigError("[data] a clip of " + std::to_string(config.frames) + " frames, stride " +
                      std::to_string(config.stride) + ", " + std::to_string(config.views) +
                      " views; all must be at least 1");
  }
  require_methods(dataset);
  for (size_t shard = 0; shard < dataset.manifest().shards.size(); ++shard) {
    const ShardTable* table = dataset.table(shard);
    const std::string& split = dataset.manifest().shards[shard].split;
    if (table == nullptr || (config.split != "all" && config.split != split)) { continue; }
    for (size_t video = 0; video < table->videos(); ++video) {
      if (of_methods(dataset, {shard, video}) && of_fold(dataset, {shard, video})) {
        add_video(dataset, {shard, video});
      }
    }
  }
  if (classes_.empty()) { refuse_empty(dataset); }
  arrange();
}

/// One that is misspelt would only be missing.
void Items::require_methods(const Dataset& dataset) const {
  const auto& known = dataset.manifest().names.manip;
  for (const auto& method : config_.methods) {
    if (std::ranges::find(known, method) != known.end()) { continue; }
    const auto near = nearest(method, known);
    throw DataError("[data.shards] holds no fakes of the manipulation " + method + " (it knows: " + listed(known) +
                    ")" + (near.empty() ? "" : "; did you mean " + near + "?"));
  }
}

/// Whether it is real, or a fake of a manipulation that is wanted.
bool Items::of_methods(const Dataset& dataset, const Video& video) const {
  const ShardTable& table = *dataset.table(video.shard);
  if (config_.methods.empty() || table.video_label[video.number] == 0) { return true; }
  const int16_t id = table.manip[video.number];
  return id >= 0 && std::ranges::find(config_.methods, dataset.manifest().names.manip[static_cast<size_t>(id)]) !=
                        config_.methods.end();
}

bool Items::of_fold(const Dataset& dataset, const Video& video) const {
  const Fold& fold = config_.fold;
  if (fold.share <= 0) { return true; }
  const uint64_t first = dataset.first_frame(video.shard) + dataset.table(video.shard)->first[video.number];
  const bool second = !CounterRng(fold.seed, CounterRng::Purpose::fold, {first}).chance(fold.share);
  return second == fold.second;
}

void Items::refuse_empty(const Dataset& dataset) const {
  const std::string what = unit_ == Unit::segments ? "video" : config_.unit;
  throw DataError("[data.shards] holds no " + what + "s of split '" + config_.split + "' with label '" + config_.label +
                  "'" + (config_.methods.empty() ? "" : " of the manipulation " + listed(config_.methods)) +
                  " among its " + std::to_string(dataset.manifest().frames()) + " frames" +
                  (too_short_ == 0 ? "" : "; " + std::to_string(too_short_) + " videos are too short") +
                  "; see `realface inspect` for what it holds");
}

size_t Items::named(const std::string& name) {
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) { return static_cast<size_t>(found - names_.begin()); }
  names_.push_back(name);
  classes_.emplace_back();
  return names_.size() - 1;
}

size_t Items::class_of(const Dataset& dataset, const Video& video, int8_t label) {
  const ShardTable& table = *dataset.table(video.shard);
  const NameTables& names = dataset.manifest().names;
  const auto name = [](const std::vector<std::string>& all, int16_t id) {
    return id < 0 ? std::string("unnamed") : all[static_cast<size_t>(id)];
  };
  if (config_.balance == "none") { return named("all"); }
  if (config_.balance == "domain") { return named(name(names.dataset, table.dataset[video.number])); }
  return named(label == 0 ? kReal : "fake/" + name(names.manip, table.manip[video.number]));
}

/// Frames go by their own labels, since fake videos may hold real parts; videos and clips go by the video's.
void Items::add_video(const Dataset& dataset, const Video& video) {
  const ShardTable& table = *dataset.table(video.shard);
  const uint64_t first = table.first[video.number], end = table.first[video.number + 1];
  if (first == end) { return; }
  if (unit_ != Unit::frame) { return add_whole_video(dataset, video); }
  for (uint64_t begin = first; begin < end;) {
    const uint64_t stop = run_end(table, begin, end);
    if (config_.balance == "label" && table.label[begin] < 0) {
      unlabelled_ += static_cast<int64_t>(stop - begin);
    } else if (sought(config_.label, table.label[begin])) {
      add_run(dataset, video, class_of(dataset, video, table.label[begin]), begin, stop);
    }
    begin = stop;
  }
}

void Items::add_whole_video(const Dataset& dataset, const Video& video) {
  const ShardTable& table = *dataset.table(video.shard);
  uint64_t first = table.first[video.number], end = table.first[video.number + 1];
  const int8_t label = table.video_label[video.number];
  if (!sought(config_.label, label)) { return; }
  if (end - first < static_cast<uint64_t>(config_.shortest)) {
    ++too_short_;
    return;
  }
  if (config_.balance == "label" && label < 0) {
    ++unlabelled_;
    return;
  }
  if (config_.views > 0) { std::tie(first, end) = longest_run(table, first, end, label); }
  if (first == end) {
    ++without_label_;
    return;
  }
  if (unit_ == Unit::clip && end - first < span()) {
    ++too_short_;
    return;
  }
  add_run(dataset, video, class_of(dataset, video, label), first, end);
}

void Items::add_run(const Dataset& dataset, const Video& video, size_t number, uint64_t begin, uint64_t end) {
  Class& one = classes_[number];
  const uint64_t first = dataset.first_frame(video.shard) + begin, before = one.items();
  stored_frames_ += end - begin;
  if (config_.windowed) { extend_block(dataset, video, one, begin, end); }
  const bool joins =
      unit_ == Unit::frame && !one.runs.empty() && one.runs.back().first + one.runs.back().frames == first;
  if (!joins) { one.runs.push_back({first, 0, before}); }
  Run& run = one.runs.back();
  run.frames += static_cast<uint32_t>(end - begin);
  run.upto = before + (unit_ == Unit::frame ? end - begin : views_of(end - begin));
}

/// A block ends with a video, and with a shard; the next begins where the items now end.
void Items::extend_block(const Dataset& dataset, const Video& video, Class& one, uint64_t begin, uint64_t end) {
  const ShardTable& table = *dataset.table(video.shard);
  const uint64_t from = table.blob_at() + table.offset[begin], to = table.blob_at() + table.offset[end];
  const bool same_shard = !one.blocks.empty() && one.blocks.back().frames.back().shard == video.shard;
  const bool fits =
      same_shard && (one.blocks.back().bytes < config_.block_bytes || one.blocks.back().last_video == video.number);
  if (!fits) {
    one.blocks.emplace_back();
    one.boundaries->first.push_back(one.items());
  }
  Block& block = one.blocks.back();
  block.bytes += to - from;
  block.last_video = video.number;
  add_extent(block.frames, {video.shard, from, to});
  add_extent(block.landmarks, {video.shard, table.landmarks_at(begin), table.landmarks_at(end)});
}

std::vector<FileRange> Items::extents_of(size_t number, uint64_t block) const {
  const Block& one = classes_[number].blocks[block];
  std::vector<FileRange> all = one.frames;
  all.insert(all.end(), one.landmarks.begin(), one.landmarks.end());
  return all;
}

void Items::arrange() {
  std::vector<size_t> sorted(names_.size());  // by name: the order in which classes were met is that of the shards
  std::iota(sorted.begin(), sorted.end(), 0);
  std::ranges::sort(sorted, {}, [this](size_t i) { return names_[i]; });
  std::vector<Class> classes;
  std::vector<std::string> names;
  for (const size_t i : sorted) {
    classes.push_back(std::move(classes_[i]));
    names.push_back(names_[i]);
  }
  classes_ = std::move(classes);
  names_ = std::move(names);
  order_.seed = config_.seed;
  order_.shuffled = config_.shuffled;
  uint64_t first = 0;
  std::vector<size_t> reals, others;
  for (size_t i = 0; i < classes_.size(); ++i) {
    Class& one = classes_[i];
    one.boundaries->first.push_back(one.items());
    one.boundaries->per_window = std::max<uint64_t>(1, config_.blocks_per_window / classes_.size());
    order_.classes.push_back({first, one.items(), config_.windowed ? one.boundaries : nullptr});
    first += one.items();
    (config_.balance == "label" && names_[i] == kReal ? reals : others).push_back(i);
  }
  if (config_.balance == "label" && config_.label == "any" && (reals.empty() || others.empty())) {
    throw DataError("[data.shards] holds only " + std::string(reals.empty() ? "fakes" : "reals") + " in split '" +
                    config_.split + "'; a balance by label needs both; see `realface inspect` for what it holds");
  }
  for (auto* group : {&reals, &others}) {
    if (!group->empty()) { order_.groups.push_back(*group); }
  }
}

size_t Items::class_of_item(uint64_t item) const {
  const auto& classes = order_.classes;
  const auto next =
      std::upper_bound(classes.begin(), classes.end(), item,
                       [](uint64_t sought_item, const ItemClass& one) { return sought_item < one.first; });
  return static_cast<size_t>(next - classes.begin()) - 1;
}

void Items::frames_of(const Draw& draw, uint64_t* numbers) const {
  const size_t number = class_of_item(draw.item);
  const uint64_t item = draw.item - order_.classes[number].first;
  const auto& runs = classes_[number].runs;
  const auto run = std::upper_bound(runs.begin(), runs.end(), item,
                                    [](uint64_t sought_item, const Run& one) { return sought_item < one.upto; });
  const uint64_t before = run == runs.begin() ? 0 : std::prev(run)->upto;
  if (unit_ == Unit::frame) {
    numbers[0] = run->first + item - before;
    return;
  }
  if (unit_ == Unit::segments) { return segment_frames(*run, item - before, draw, numbers); }
  const uint64_t start = start_in(*run, item - before, draw);
  for (int64_t t = 0; t < frames(); ++t) {
    numbers[t] = run->first + start + static_cast<uint64_t>(t * config_.stride);
  }
}

uint64_t Items::views_of(uint64_t frames) const {
  if (config_.shuffled) { return 1; }
  const ClipCover cover{static_cast<int64_t>(frames), config_.frames};
  return static_cast<uint64_t>(config_.views > 0 ? config_.views : cover.clips());
}

uint64_t Items::place_of_view(uint64_t view, uint64_t choices) const {
  const auto views = static_cast<uint64_t>(config_.views);
  return views == 1 ? (choices - 1) / 2 : view * (choices - 1) / (views - 1);
}

uint64_t Items::start_in(const Run& run, uint64_t view, const Draw& draw) const {
  const uint64_t choices = run.frames - (unit_ == Unit::clip ? span() : 1) + 1;
  if (config_.shuffled) {
    return CounterRng(config_.seed, CounterRng::Purpose::frame, {draw.epoch, run.first}).below(choices);
  }
  if (config_.views == 0) {
    const ClipCover cover{run.frames, config_.frames};
    return static_cast<uint64_t>(cover.start(static_cast<int64_t>(view)));
  }
  return place_of_view(view, choices);
}

/// Part t of T is [t L / T, (t + 1) L / T) of a run of L frames.
void Items::segment_frames(const Run& run, uint64_t view, const Draw& draw, uint64_t* numbers) const {
  const auto parts = static_cast<uint64_t>(config_.frames);
  CounterRng rng(config_.seed, CounterRng::Purpose::frame, {draw.epoch, run.first});
  for (uint64_t t = 0; t < parts; ++t) {
    const uint64_t begin = t * run.frames / parts;
    const uint64_t choices = std::max<uint64_t>(1, (t + 1) * run.frames / parts - begin);
    numbers[t] = run.first + begin + (config_.shuffled ? rng.below(choices) : place_of_view(view, choices));
  }
}

uint64_t Items::substitute(const Draw& draw, uint64_t attempt) const {
  CounterRng rng(config_.seed, CounterRng::Purpose::order, {draw.position, attempt});
  const ItemClass& one = order_.classes[class_of_item(draw.item)];
  return one.first + rng.below(one.count);
}

}  // namespace realface::data
