#include "data/preprocess/config.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/codec.h"
#include "data/preprocess/face_finder.h"
#include "data/preprocess/frame_reader.h"

namespace realface::data::preprocess {
namespace {

void require(bool good, const std::string& what) {
  if (!good) throw UsageError("[preprocess] " + what);
}

}  // namespace

void check(const PreprocessConfig& config) {
  require(config.size >= 16 && config.size <= 4096,
          "--size " + std::to_string(config.size) + " is not possible; it must be 16 to 4096 pixels");
  require(config.frames >= 1, "--frames " + std::to_string(config.frames) + " is not possible; it must be at least 1");
  require(config.crop == "clip" || config.crop == "frame", "--crop " + config.crop + " is unknown; say clip or frame");
  require(config.margin >= 1 && config.margin <= 4,
          "--margin " + std::to_string(config.margin) + " is not possible; it must be 1 to 4");
  require(config.codec == "raw" || config.codec == "gdiff-up-zstd",
          "--codec " + config.codec + " is unknown; say raw or gdiff-up-zstd");
  require(!config.output.empty(), "--out is missing; name the folder for the shards");
}

nlohmann::json described(const PreprocessConfig& config, const std::string& landmark_model_sha256) {
  return {{"dataset", config.dataset},
          {"split", config.import.split.empty() ? "official" : config.import.split},
          {"compression", config.import.compression},
          {"methods", config.import.methods},
          {"masks", config.import.masks ? "dataset" : "none"},
          {"pictures", config.import.pictures},
          {"size", config.size},
          {"frames", config.frames},
          {"crop", config.crop},
          {"margin", config.margin},
          {"align", "none"},
          {"codec", config.codec},
          {"seed", config.seed},
          {"shard_bytes", config.shard_bytes},
          {"landmark_model_sha256", landmark_model_sha256},
          {"detector", detector_name()},
          {"libraries", video_libraries()}};
}

}  // namespace realface::data::preprocess
