#include "models/localizer/config.h"

namespace realface::models {

void fields(Visitor& v, LocalizerConfig& c) {
  fields(v, c.mapping);
  v.field("encoder", c.encoder, {"senet154", "se_resnet50", "small"});
  v.field("maps", c.maps);
  v.field("locates", c.locates);
}

void check(const LocalizerConfig& c, Checker& checker) {
  constexpr int64_t kDeepest = 32;  // the encoder's last stage is as many times smaller
  check(c.mapping, checker);
  if (!c.maps && !c.locates) {
    checker.fault({"model.maps", "model.locates"}, "model.maps and model.locates are both false: nothing is left");
  }
  if (c.locates && c.mapping.image % kDeepest != 0) {
    checker.fault({"model.image"}, "model.image must be a multiple of 32: the encoder halves it five times");
  }
}

LocalizerShape localizer_shape(const std::string& encoder) {
  if (encoder == "senet154") { return {.encoder = {.blocks = {3, 8, 36, 3}, .stem = 128, .senet = true}}; }
  if (encoder == "se_resnet50") { return {}; }
  return {.encoder = {.blocks = {1, 1, 1, 1}, .planes = {8, 16, 32, 64}, .stem = 16},
          .decoder = {16, 24, 32, 48},
          .last = 8};
}

}  // namespace realface::models
