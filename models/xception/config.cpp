#include "models/xception/config.h"

namespace realface::models {

void fields(Visitor& v, XceptionConfig& c) {
  v.field("size", c.size, {"full", "small"});
  v.field("image", c.image, within(16, 8192));
}

int64_t XceptionShape::block(const std::string& name) const {
  for (int64_t number = 1; number <= blocks(); ++number) {
    if (name == "block" + std::to_string(number)) { return number; }
  }
  return 0;
}

XceptionShape xception_shape(const std::string& size) {
  if (size == "full") { return {}; }
  return {.stem = {8, 16}, .stem_stride = 1, .entry = {32, 64, 128}, .middle = 2, .exit = {192, 192, 256}};
}

}  // namespace realface::models
