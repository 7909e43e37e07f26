#include "models/mae/mae.h"

namespace realface::models {

void fields(Visitor& v, MaeConfig& c) {
  const auto before = c.size;
  v.field("size", c.size, {"tiny", "small", "base", "large", "huge"});
  if (c.size != before) { c = mae_preset(c.size); }
  v.field("image", c.image, within(1, 8192));
  v.field("patch", c.patch, within(1, 1024));
  v.field("width", c.width, within(1, 65536));
  v.field("depth", c.depth, within(1, 1024));
  v.field("heads", c.heads, within(1, 1024));
  v.field("decoder_width", c.decoder_width, within(1, 65536));
  v.field("decoder_depth", c.decoder_depth, within(1, 1024));
  v.field("decoder_heads", c.decoder_heads, within(1, 1024));
  v.field("mlp_ratio", c.mlp_ratio, within(1, 64));
  v.field("norm_pix", c.norm_pix);
}

void check(const MaeConfig& c, Checker& checker) {
  checker.divides("model.patch", c.patch, "model.image", c.image);
  checker.divides("model.heads", c.heads, "model.width", c.width);
  checker.divides("model.decoder_heads", c.decoder_heads, "model.decoder_width", c.decoder_width);
  // The sine-cosine table gives a quarter of the width to each of sine and cosine of row and column.
  if (c.width % 4 != 0) { checker.fault({"model.width"}, "model.width must be a multiple of 4"); }
  if (c.decoder_width % 4 != 0) {
    checker.fault({"model.decoder_width"}, "model.decoder_width must be a multiple of 4");
  }
}

}  // namespace realface::models
