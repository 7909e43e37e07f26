#include "models/rffr/config.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include "models/weights/description.h"

namespace realface::models {
namespace {

constexpr const char* kRffr = "rffr";

/// Patches a side of what blocks cover.
int64_t covered(const RffrConfig& config) { return config.vit.cut().grid() - 2; }

void describe_rffr(Visitor& visitor, RffrConfig& config) {
  vit_fields(visitor, config);
  input_fields(visitor, config);
}

}  // namespace

void vit_fields(Visitor& v, RffrConfig& c) { size_fields(v, c.vit); }

void input_fields(Visitor& v, RffrConfig& c) {
  v.field("blocks", c.blocks, within(1, 1024));
  v.field("inputs", c.inputs, {"both", "original", "residual"});
  v.field("source", c.source, {"masked", "autoencoder", "high_pass"});
  v.field("patches", c.patches, {"random", "whole"});
  v.field("pool", c.pool, {"class", "mean"});
  v.field("compat_official", c.compat_official);
}

void check(const RffrConfig& c, Checker& checker) {
  check(c.vit, checker);
  if (c.vit.image % c.vit.patch == 0 && (covered(c) < 1 || covered(c) % c.blocks != 0)) {
    checker.fault({"rffr.blocks", "model.image", "model.patch"},
                  fmt::format("rffr.blocks is {}, which does not divide the {} patches a side within the border of one "
                              "patch (docs/decisions.md, F1)",
                              c.blocks, covered(c)));
  }
  if (c.compat_official && (c.inputs != "both" || c.patches != "random" || c.pool != "class")) {
    checker.fault({"rffr.compat_official"},
                  "rffr.compat_official needs rffr.inputs=both, rffr.patches=random and rffr.pool=class, as the "
                  "published code has them");
  }
}

int64_t block_side(const RffrConfig& config) { return covered(config) / config.blocks; }

torch::Tensor block_patches(const RffrConfig& config) {
  const int64_t grid = config.vit.cut().grid(), side = block_side(config);
  auto ids = at::empty({config.blocks * config.blocks, side * side}, torch::kInt64);
  auto* id = ids.mutable_data_ptr<int64_t>();
  for (int64_t block = 0; block < ids.size(0); ++block) {
    const int64_t row = 1 + side * (block / config.blocks), column = 1 + side * (block % config.blocks);
    for (int64_t i = 0; i < side * side; ++i) { *id++ = grid * (row + i / side) + column + i % side; }
  }
  return ids;
}

nlohmann::json describe(const RffrConfig& config) {
  RffrConfig copy = config;  // a visitor may write; this one does not
  return describe(kRffr, [&](Visitor& visitor) { describe_rffr(visitor, copy); });
}

RffrConfig rffr_description(const nlohmann::json& description) {
  RffrConfig config;
  read_description(description, kRffr, [&](Visitor& visitor) { describe_rffr(visitor, config); });
  return config;
}

}  // namespace realface::models
