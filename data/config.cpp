#include <fmt/format.h>

#include <algorithm>

#include "base/settings.h"
#include "data/faces/masks.h"
#include "data/streams.h"

namespace realface::data {

// `shards` may move: that it holds the same data is what the dataset digest shows.
void fields(Visitor& v, DataConfig& c) {
  auto shards = c.shards.paths();
  v.folders(may_change("shards"), shards);
  c.shards = shards;
  v.table("sets", c.sets);
  v.field(may_change("workers"), c.workers, within(0, 1024));
  v.field(may_change("prefetch"), c.prefetch, within(1, 1024));
  v.field(may_change("max_bad_share"), c.max_bad_share, share());
  v.field(may_change("crops"), c.crops, {"same", "any"});
  v.field(may_change("align"), c.align, {"any", "none", "similarity"});
  v.field(may_change("compression"), c.compression, {"raw", "c23", "c40", ""});
  v.field("order", c.order, {"global", "window"});
  v.field("block_mb", c.block_mb, within(1, 4096));
  v.field("window_blocks", c.window_blocks, within(1, 1 << 20));
}

int workers_for(const DataConfig& config, bool on_gpu, int cores) {
  if (config.workers > 0) { return config.workers; }
  return on_gpu ? std::clamp(cores / 2, 1, 4) : 1;
}

void fields(Visitor& v, MaskConfig& c) {
  v.field("kind", c.kind, {"none", "random", "part", "roi_part", "tube", "block", "key_region"});
  v.field("ratio", c.ratio, inside(0, 1));
  v.field("parts", c.parts, {"literal", "semantic"});
  v.field("only", c.only, {"all", "eyes", "nose", "lips"});
  v.field("roi_tau", c.roi_tau, share());
  v.field("blocks", c.blocks, within(1, 1024));
  v.field("key_share", c.key_share, share());
  v.field("equalise", c.equalise, within(0, kMaxCount));
}

void check_face_mask(const MaskConfig& mask, int64_t image, int64_t patch, bool of_clips, Checker& checker) {
  if (image % patch != 0) { return; }  // a fault of the model; the grid means nothing
  if (mask.kind == "none") {
    checker.fault({"mask.kind", "stage"}, "mask.kind is 'none', but this stage restores masked patches; choose a kind");
    return;
  }
  if (mask.kind == "tube" && !of_clips) {
    checker.fault({"mask.kind"},
                  "mask.kind is 'tube', which masks clips, but this model sees single faces; use random");
    return;
  }
  for (const auto& fault : mask_faults(mask, image / patch)) {
    const auto key = "mask." + fault.substr(0, fault.find(' '));
    checker.fault({key, "mask.kind", "model.patch", "model.image"},
                  fmt::format("mask.{0} (the model has a grid of {1} x {1} patches)", fault, image / patch));
  }
}

}  // namespace realface::data
