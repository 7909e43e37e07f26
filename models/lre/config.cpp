#include "models/lre/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"

namespace realface::models {

void attention_fields(Visitor& v, LreConfig& c) {
  v.field("taps", c.taps);
  v.field("attention", c.attention, {"product", "residual"});
}

void mask_fields(Visitor& v, LreConfig& c) {
  v.field("kind", c.mask, {"key_region", "random"});
  v.field("ratio", c.ratio, inside(0, 1));
  v.field("key_share", c.key_share, above_up_to(0, 1));
}

void check(const LreConfig& c, Checker& checker) {
  const auto shape = xception_shape(c.xception.size);
  const auto fault = [&](const std::string& text) {
    checker.fault({"lre.taps"}, fmt::format("lre.taps is [{}]: {}; model.size '{}' has block1 to block{}",
                                            fmt::join(c.taps, ", "), text, c.xception.size, shape.blocks()));
  };
  if (c.taps.empty()) { fault("without taps no difference is looked at"); }
  for (const auto& tap : c.taps) {
    if (shape.block(tap) == 0) { fault(fmt::format("there is no '{}'", tap)); }
    if (std::ranges::count(c.taps, tap) > 1) { fault(fmt::format("'{}' stands there twice", tap)); }
  }
}

std::vector<int64_t> LreConfig::blocks() const {
  std::vector<int64_t> numbers;
  for (const auto& tap : taps) {
    numbers.push_back(xception_shape(xception.size).block(tap));
    if (numbers.back() == 0) {
      throw Error(fmt::format("[weights] their description has the tap '{}', which an Xception of size '{}' lacks", tap,
                              xception.size));
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

}  // namespace realface::models
