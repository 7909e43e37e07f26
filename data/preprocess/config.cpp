#include "data/preprocess/config.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/preprocess/faces/placement.h"
#include "data/preprocess/video/frame_reader.h"

namespace realface::data::preprocess {
namespace {

void require(bool good, const std::string& what) {
  if (!good) { throw UsageError("[preprocess] " + what); }
}

}  // namespace

void check(const PreprocessConfig& config) {
  require(config.size >= 16 && config.size <= 4096,
          "--size " + std::to_string(config.size) + " is not possible; it must be 16 to 4096 pixels");
  require(config.frames >= 1, "--frames " + std::to_string(config.frames) + " is not possible; it must be at least 1");
  require(config.crop == "clip" || config.crop == "frame", "--crop " + config.crop + " is unknown; say clip or frame");
  require(is_alignment(config.align), "--align " + config.align + " is unknown; say none or similarity");
  require(config.margin >= 1 && config.margin <= 4,
          "--margin " + std::to_string(config.margin) + " is not possible; it must be 1 to 4");
  require(config.mask_rule.threshold >= 0 && config.mask_rule.threshold < 1,
          fmt::format("--mask-threshold {} is not possible; it must be 0 or more, and below 1",
                      config.mask_rule.threshold));
  try {
    frame_codec(config);
  } catch (const DataError& error) { require(false, std::string("the codec is not possible: ") + error.what()); }
  require(!config.output.empty(), "--out is missing; name the folder for the shards");
}

CodecConfig frame_codec(const PreprocessConfig& config) {
  const Codec codec = codec_by_name(config.codec);
  return codec == Codec::jpeg ? CodecConfig::jpeg(config.jpeg_quality, config.jpeg_subsampling) : CodecConfig(codec);
}

CodecConfig frame_codec(const nlohmann::json& described) {
  return codec_config(described.at("codec"), described.value("codec_params", ""));
}

nlohmann::json described(const PreprocessConfig& config, const std::string& landmark_model_sha256,
                         const std::string& detector) {
  // A rule of the default threshold is called as it was before there were others, so that old folders go on.
  const auto& rule = config.mask_rule;
  const auto limit = rule.threshold > 0 ? fmt::format(" over {}", rule.threshold) : std::string();
  const auto masks = config.import.masks ? "dataset, else " + rule.name + limit : std::string("none");
  nlohmann::json json = {{"dataset", config.dataset},
                         {"split", config.import.split.empty() ? "official" : config.import.split},
                         {"compression", config.import.compression},
                         {"methods", config.import.methods},
                         {"masks", masks},
                         {"pictures", config.import.pictures},
                         {"size", config.size},
                         {"frames", config.frames},
                         {"crop", config.crop},
                         {"margin", config.margin},
                         {"align", config.align},
                         {"codec", config.codec},
                         {"seed", config.seed},
                         {"shard_bytes", config.shard_bytes},
                         {"landmark_model_sha256", landmark_model_sha256},
                         {"detector", detector},
                         {"libraries", video_libraries()}};
  if (const CodecConfig codec = frame_codec(config); !codec.lossless()) { json["codec_params"] = codec_params(codec); }
  return json;
}

}  // namespace realface::data::preprocess
