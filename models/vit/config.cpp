#include "models/mae/mae.h"
#include "models/vit/vit.h"

namespace realface::models {

void fields(Visitor& v, VitConfig& c) {
  const auto before = c.size;
  v.field("size", c.size, {"tiny", "small", "base", "large", "huge"});
  if (c.size != before) {
    const auto preset = mae_preset(c.size);
    c.image = preset.image, c.patch = preset.patch, c.mlp_ratio = preset.mlp_ratio;
    c.width = preset.width, c.depth = preset.depth, c.heads = preset.heads;
  }
  v.field("image", c.image, within(1, 8192));
  v.field("patch", c.patch, within(1, 1024));
  v.field("width", c.width, within(1, 65536));
  v.field("depth", c.depth, within(1, 1024));
  v.field("heads", c.heads, within(1, 1024));
  v.field("mlp_ratio", c.mlp_ratio, within(1, 64));
}

void check(const VitConfig& c, Checker& checker) {
  checker.divides("model.patch", c.patch, "model.image", c.image);
  checker.divides("model.heads", c.heads, "model.width", c.width);
  if (c.width % 4 != 0) { checker.fault({"model.width"}, "model.width must be a multiple of 4"); }
}

}  // namespace realface::models
