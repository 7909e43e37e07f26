#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/error.h"
#include "models/importing/expected.h"
#include "models/mae/description.h"
#include "models/mae/masked_autoencoder.h"
#include "models/vit/classifier.h"
#include "models/vit/description.h"

namespace realface::models::importing {
namespace {

constexpr const char* kEmbedding = "patch_embed.proj.weight";

/// The published size of the same width and depth, whose heads shapes do not show; its name is "" if there is none.
MaeConfig published(const Sizes& sizes, const std::string& architecture) {
  const int64_t width = sizes.of(kEmbedding, 0), depth = sizes.count("blocks.", ".norm1.weight");
  for (const char* size : {"tiny", "small", "base", "large", "huge"}) {
    const auto preset = mae_preset(size, architecture);
    if (preset.width == width && preset.depth == depth) { return preset; }
  }
  auto config = mae_preset("base", architecture);
  config.width = width, config.depth = depth, config.heads = 0;
  return config;
}

void read_encoder(const Sizes& sizes, const ImportOptions& options, MaeConfig& config) {
  constexpr int64_t kMost = 65536;
  config.patch = sizes.of(kEmbedding, -1);
  config.mlp_ratio = sizes.of("blocks.0.mlp.fc1.weight", 0) / config.width;
  if (options.heads > 0) { config.heads = options.heads; }
  if (config.heads == 0) {
    sizes.refuse(fmt::format("is of no published size (width {}, depth {}); give --heads", config.width, config.depth));
  }
  const bool possible = config.width <= kMost && config.width % 4 == 0 && config.width % config.heads == 0 &&
                        config.mlp_ratio > 0 && 3 * config.depth * config.width * config.width <= sizes.numbers();
  if (!possible) {
    sizes.refuse(fmt::format("tells of a width of {} in {} blocks of {} heads, for which it has too few numbers",
                             config.width, config.depth, config.heads));
  }
}

void read_decoder(const Sizes& sizes, const ImportOptions& options, const std::string& blocks, MaeConfig& config) {
  const int64_t width = sizes.of("mask_token", -1), depth = sizes.count(blocks, ".norm1.weight");
  if (width != config.decoder_width || depth != config.decoder_depth) { config.decoder_heads = 0; }
  config.decoder_width = width, config.decoder_depth = depth;
  if (options.decoder_heads > 0) { config.decoder_heads = options.decoder_heads; }
  if (config.decoder_heads == 0 || width % config.decoder_heads != 0 || width % 4 != 0 ||
      3 * depth * width * width > sizes.numbers()) {
    sizes.refuse(fmt::format(
        "has a decoder of no published size (width {}, depth {}); give --decoder-heads, which divide the width", width,
        depth));
  }
}

/// The side of the pictures whose patches a learned or fixed table has, without its first row.
int64_t pictured(const Sizes& sizes, int64_t patch) {
  const int64_t patches = sizes.of("pos_embed", 1) - 1;
  const auto grid = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(patches))));
  if (grid < 1 || grid * grid != patches || patch > 1024 || grid > 8192) {
    sizes.refuse(fmt::format("has a position table of {} patches, which are no square", patches));
  }
  return grid * patch;
}

void require_dimensions(const Sizes& sizes, int64_t wanted) {
  if (sizes.dimensions(kEmbedding) == wanted) { return; }
  sizes.refuse(wanted == 4 ? "is a network of clips; give --as video_mae or marlin"
                           : "is a network of pictures; give --as mae or vit, or --inflate FRAMES,TUBELET");
}

/// Without what a decoder alone has, if the file has none; and of the description likewise.
void drop_decoder(Expected& expected) {
  std::erase_if(expected.required, [](const auto& one) { return of_decoder(one.first); });
  forget_decoder(expected.description);
}

}  // namespace

Expected expected_mae(const Sizes& sizes, const ImportOptions& options) {
  require_dimensions(sizes, 4);
  auto config = published(sizes, "mae");
  read_encoder(sizes, options, config);
  config.image = pictured(sizes, config.patch);
  config.norm_pix = options.norm_pix;
  if (sizes.has_decoder()) { read_decoder(sizes, options, "decoder_blocks.", config); }
  Expected expected;
  expected.required = shapes_of(*make_autoencoder(config));
  expected.description = describe(config, options.kind == "rffr" ? "unit" : "imagenet");
  if (!sizes.has_decoder()) { drop_decoder(expected); }
  return expected;
}

Expected expected_vit(const Sizes& sizes, const ImportOptions& options) {
  require_dimensions(sizes, 4);
  auto mae = published(sizes, "mae");
  read_encoder(sizes, options, mae);
  VitConfig config;
  config.size = mae.size, config.patch = mae.patch, config.image = pictured(sizes, mae.patch);
  config.width = mae.width, config.depth = mae.depth, config.heads = mae.heads, config.mlp_ratio = mae.mlp_ratio;
  Expected expected;
  expected.required = shapes_of(*make_classifier(config));
  std::erase_if(expected.required, [](const auto& one) { return of_classifier(one.first); });
  for (const std::string norm : {"norm.", "fc_norm."}) {
    expected.optional[norm + "weight"] = expected.optional[norm + "bias"] = {config.width};
  }
  expected.optional["head.weight"] = {kAny, config.width}, expected.optional["head.bias"] = {kAny};
  expected.description = describe(config, "imagenet");
  return expected;
}

Expected expected_video_mae(const Sizes& sizes, const ImportOptions& options) {
  require_dimensions(sizes, 5);
  auto config = published(sizes, "video_mae");
  read_encoder(sizes, options, config);
  config.tubelet = sizes.of(kEmbedding, 2);
  if (options.image > 0) { config.image = options.image; }
  if (options.frames > 0) { config.frames = options.frames; }
  if (config.patch > 1024 || config.image % config.patch != 0 || config.frames % config.tubelet != 0) {
    sizes.refuse(fmt::format(
        "has tubelets of {} frames of {} pixels, which do not divide {} frames of {}; give --frames and --image",
        config.tubelet, config.patch, config.frames, config.image));
  }
  config.norm_pix = options.norm_pix;
  if (sizes.has_decoder()) { read_decoder(sizes, options, "decoder.blocks.", config); }
  Expected expected;
  expected.required = shapes_of(*make_autoencoder(config));
  expected.encoder_prefix = "encoder.";
  expected.description = describe(config, options.kind == "marlin" ? "unit" : "imagenet");
  if (!sizes.has_decoder()) { drop_decoder(expected); }
  return expected;
}

}  // namespace realface::models::importing
