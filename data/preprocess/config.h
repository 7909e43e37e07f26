#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "data/codec/codec.h"
#include "data/importers/importers.h"
#include "data/preprocess/masks/frame_mask.h"

namespace realface::data::preprocess {

/// What `realface preprocess` is asked to do.
struct PreprocessConfig {
  std::string input, output;       // folders
  std::string dataset = "folder";  // importer
  importers::ImportOptions import;
  MaskRule mask_rule;                      // of fakes whose masks the dataset does not ship (L5)
  int size = 224;                          // of a crop, pixels
  int frames = 30;                         // at most, of a video (G13)
  std::string crop = "clip";               // clip: one box for all frames of a video; frame: one box a frame (G12)
  std::string align = "none";              // or similarity: five points of the face at fixed places (G12)
  double margin = 1.3;                     // side of the crop over that of the face's box, or of the template
  std::string codec = "gdiff-up-zstd";     // or raw, png, jpeg
  int jpeg_quality = 95;                   // of jpeg: 1 to 100
  std::string jpeg_subsampling = "4:4:4";  // of jpeg: or 4:2:2, 4:2:0
  uint64_t seed = 0;                       // of the order in which videos are packed
  std::string landmark_model;              // file; empty: Debian's
  std::string detector_model;              // file of a CnnDetector; empty: HOG alone
  int64_t shard_bytes = int64_t{1} << 30;
  std::string code_version;       // git commit, for the record
  int threads = 0;                // that take videos, a rank; 0: the rank's share of the cores
  std::string decoder;            // program that decodes in child processes (decoder.h); empty: this process decodes
  double decoder_patience = 300;  // seconds
};

/// Throws UsageError for a value that cannot be.
void check(const PreprocessConfig& config);

/// How its frames are encoded: of a configuration, or of one that `described` wrote. Throw DataError for what no codec
/// is.
CodecConfig frame_codec(const PreprocessConfig& config);
CodecConfig frame_codec(const nlohmann::json& described);

/// The part of a configuration that decides the shards' bytes: no path, no number of threads.
nlohmann::json described(const PreprocessConfig& config, const std::string& landmark_model_sha256,
                         const std::string& detector);

}  // namespace realface::data::preprocess
