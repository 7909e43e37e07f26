#include "models/vit/config.h"

#include "models/mae/config.h"

namespace realface::models {

VitConfig vit_preset(const std::string& size, const std::string& architecture) {
  const auto mae = mae_preset(size, architecture == "video_vit" ? "video_mae" : "mae");
  VitConfig config;
  config.size = size;
  config.architecture = architecture;
  config.image = mae.image, config.patch = mae.patch, config.mlp_ratio = mae.mlp_ratio;
  config.width = mae.width, config.depth = mae.depth, config.heads = mae.heads;
  config.frames = mae.frames, config.tubelet = mae.tubelet;
  return config;
}

void fields(Visitor& v, VitConfig& c) {
  const auto architecture = c.architecture;
  v.field("architecture", c.architecture, {"vit", "video_vit"});
  if (c.architecture != architecture) { c = vit_preset(c.size, c.architecture); }
  size_fields(v, c);
}

void size_fields(Visitor& v, VitConfig& c) {
  const auto size = c.size;
  v.field("size", c.size, {"tiny", "small", "base", "large", "huge"});
  if (c.size != size) { c = vit_preset(c.size, c.architecture); }
  v.field("image", c.image, within(1, 8192));
  v.field("patch", c.patch, within(1, 1024));
  if (c.of_clips()) {
    v.field("frames", c.frames, within(1, 1024));
    v.field("tubelet", c.tubelet, within(1, 1024));
  }
  v.field("width", c.width, within(1, 65536));
  v.field("depth", c.depth, within(1, 1024));
  v.field("heads", c.heads, within(1, 1024));
  v.field("mlp_ratio", c.mlp_ratio, within(1, 64));
}

void check(const VitConfig& c, Checker& checker) {
  checker.divides("model.patch", c.patch, "model.image", c.image);
  if (c.of_clips()) { checker.divides("model.tubelet", c.tubelet, "model.frames", c.frames); }
  checker.divides("model.heads", c.heads, "model.width", c.width);
  if (!c.of_clips() && c.width % 4 != 0) { checker.fault({"model.width"}, "model.width must be a multiple of 4"); }
}

}  // namespace realface::models
