#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

/// The leak alarm: can a fake be told from a real video without looking at it? Where fakes come in another size,
/// bitrate or quality than reals, a detector learns that instead of faces (docs/shards.md, "Leaks").
namespace realface::data {

/// An AUC above it is reported as a leak; 0.5 is chance.
inline constexpr double kLeakThreshold = 0.6;

/// What the alarm may know of a video: nothing of its faces but how many bytes they take.
struct VideoFacts {
  std::string name;                      // of its class: "real", "fake/Deepfakes"
  bool fake = false;                     // else real
  int64_t group = 0;                     // leakage group
  double log_face_bytes = 0;             // mean of the logarithm of the bytes of an encoded face
  int64_t width = 0, height = 0;         // of the source
  int64_t source_bytes = 0, frames = 0;  // of the source; 0 unknown
  double fps = 0;                        // of the source; 0: pictures
};

/// For each class of fakes against all reals: the AUC that a logistic classifier of bytes of a face, width, height and
/// bitrate of the source (logarithms, standardised) reaches on videos held out, in five folds that never divide a
/// leakage group; pairs are compared within a fold, since each has its own classifier. The bitrate is left out where it
/// is not known of every video; for pictures it is the bits of one.
///
/// JSON: {kind, threshold, features, note, classes: {NAME: {videos, reals, auc, chance_error, alone: {FEATURE: auc},
/// leak} or {videos, reals, auc: null, why}}, leaks: [NAME]}. `chance_error` is the standard deviation of the AUC of so
/// many videos where nothing leaks, `alone` the AUC of each feature by itself, in the better direction. A pure
/// function.
nlohmann::json measure_leaks(const std::vector<VideoFacts>& videos);

/// measure_leaks of all videos with frames and a known label in a folder of shards or a shard file, with its `path`.
/// Throws DataError where there is no readable dataset.
nlohmann::json find_leaks(const std::filesystem::path& path);

/// The same for people, with a warning for each leak.
std::string leaks_text(const nlohmann::json& leaks);

}  // namespace realface::data
