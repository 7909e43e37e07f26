#include "models/mae/config.h"

#include "base/error.h"

namespace realface::models {
namespace {

/// Width, depth and heads.
struct Tower {
  int64_t width, depth, heads;
};

Tower encoder_of(const std::string& size) {
  if (size == "tiny") { return {192, 12, 3}; }
  if (size == "small") { return {384, 12, 6}; }
  if (size == "base") { return {768, 12, 12}; }
  if (size == "large") { return {1024, 24, 16}; }
  if (size == "huge") { return {1280, 32, 16}; }
  throw ConfigError("[model] there is no size '" + size + "'; known are base, large, huge, small, tiny");
}

Tower decoder_of(const std::string& size, bool video) {
  if (size == "tiny") { return {192, 2, 3}; }
  if (size == "small") { return {192, 4, 3}; }
  if (!video) { return {512, 8, 16}; }
  if (size == "base") { return {384, 4, 6}; }
  return size == "large" ? Tower{512, 12, 8} : Tower{640, 8, 8};
}

}  // namespace

MaeConfig mae_preset(const std::string& size, const std::string& architecture) {
  const bool video = architecture == "video_mae";
  const auto encoder = encoder_of(size), decoder = decoder_of(size, video);
  MaeConfig config;
  config.size = size;
  config.architecture = architecture;
  config.width = encoder.width, config.depth = encoder.depth, config.heads = encoder.heads;
  config.decoder_width = decoder.width, config.decoder_depth = decoder.depth, config.decoder_heads = decoder.heads;
  if (video) {
    config.frames = 16, config.tubelet = 2;
  } else if (size == "huge") {
    config.patch = 14;
  }
  return config;
}

void fields(Visitor& v, MaeConfig& c) {
  const auto size = c.size, architecture = c.architecture;
  v.field("architecture", c.architecture, {"mae", "video_mae"});
  v.field("size", c.size, {"tiny", "small", "base", "large", "huge"});
  if (c.size != size || c.architecture != architecture) { c = mae_preset(c.size, c.architecture); }
  v.field("image", c.image, within(1, 8192));
  v.field("patch", c.patch, within(1, 1024));
  if (c.of_clips()) {
    v.field("frames", c.frames, within(1, 1024));
    v.field("tubelet", c.tubelet, within(1, 1024));
  }
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
  if (c.of_clips()) { checker.divides("model.tubelet", c.tubelet, "model.frames", c.frames); }
  checker.divides("model.heads", c.heads, "model.width", c.width);
  checker.divides("model.decoder_heads", c.decoder_heads, "model.decoder_width", c.decoder_width);
  if (c.of_clips()) { return; }
  // The sine-cosine table gives a quarter of the width to each of sine and cosine of row and column.
  if (c.width % 4 != 0) { checker.fault({"model.width"}, "model.width must be a multiple of 4"); }
  if (c.decoder_width % 4 != 0) {
    checker.fault({"model.decoder_width"}, "model.decoder_width must be a multiple of 4");
  }
}

}  // namespace realface::models
