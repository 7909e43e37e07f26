#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "stages/reconstruct/statistics.h"
#include "stages/scores/samples.h"

namespace realface::stages {

/// Squared errors of one video, summed over its masked patches; the error of a patch is the mean over its normalised
/// pixel values.
struct ErrorSums {
  int64_t frames = 0, patches = 0;
  double model = 0;       // of the network
  double train_mean = 0;  // of guessing that patch's mean over training faces
  double neighbours = 0;  // of guessing the mean colour of its visible neighbours

  ErrorSums& operator+=(const ErrorSums& other);
};

/// A class of a split: the real faces, or those of one manipulation. Means over videos.
struct ClassResult {
  std::string name;
  int64_t videos = 0, frames = 0;
  double error = 0, low = 0, high = 0;  // with its 95 % interval; NaN if it cannot be said
  double auc = kNaN;                    // a fake video's error against a real one's, by chance .5
};

/// One face of the split, as PNG files.
struct Picture {
  std::string class_name, video;
  int64_t sample = 0;
  std::string original, masked, restored;
  // Of a detector; empty: it has none.
  std::string mapped = {};     // by a mapping network, enlarged
  std::string mask = {};       // where a localiser says that somebody tampered with the face: white
  std::string true_mask = {};  // where somebody did; empty too if it is not known
  // What speaks for a fake, laid over the restored face, which is then judged, and that of the original over its map,
  // if there is one.
  std::string restored_activation = {}, mapped_activation = {};
  // Where a detector of local reconstruction errors sees differences, at its first three taps, laid over the original.
  std::string first_differences = {}, second_differences = {}, third_differences = {};
  std::string residual = {};  // what a detector of residuals sees; grey is none
};
inline constexpr std::array kDifferences{&Picture::first_differences, &Picture::second_differences,
                                         &Picture::third_differences};

/// A picture's views, in the order in which they are shown, with their names in files and for readers. The first
/// kNeededViews are always there.
struct View {
  const char* name;
  std::string Picture::*png;
  const char* label;
};
inline constexpr std::array kViews{View{"original", &Picture::original, "original"},
                                   View{"masked", &Picture::masked, "masked"},
                                   View{"restored", &Picture::restored, "restored"},
                                   View{"mapped", &Picture::mapped, "mapped"},
                                   View{"mask", &Picture::mask, "predicted mask"},
                                   View{"true_mask", &Picture::true_mask, "true mask"},
                                   View{"restored_activation", &Picture::restored_activation, "activation, restored"},
                                   View{"mapped_activation", &Picture::mapped_activation, "activation, original"},
                                   View{"first_differences", &Picture::first_differences, "differences, first tap"},
                                   View{"second_differences", &Picture::second_differences, "differences, second tap"},
                                   View{"third_differences", &Picture::third_differences, "differences, third tap"},
                                   View{"residual", &Picture::residual, "residual"}};
inline constexpr size_t kNeededViews = 3;

/// What a trained network restored, and how well. Saved as RUN/reconstruction.json with RUN/reconstruction/*.png.
struct Reconstruction {
  std::string split;
  // Videos of the split whose group was trained on: should be 0. nullopt: not known, since training read other shards.
  std::optional<int64_t> seen_in_training;
  int64_t baseline_faces = 0;        // training faces that the patch means were taken over
  ErrorSums held_out;                // all real videos of the split together
  std::vector<ClassResult> classes;  // real first, then by name
  std::vector<Picture> pictures;
  nlohmann::json provenance = nlohmann::json::object();  // step, weights, configuration, digests

  /// True only where it is known that training saw nobody of the split.
  bool never_seen() const { return split != "train" && seen_in_training == 0; }
  double model_error() const;  // mean over masked patches of real faces; NaN without one
  double train_mean_error() const;
  double neighbours_error() const;
  /// The network's error over that of the better guess: under 1 it learned something, at 1 nothing. NaN where unknown.
  double ratio() const;
};

/// Classes of a split from the sums of its videos (index into the table).
std::vector<ClassResult> summarise(const SampleTable& table, const std::map<size_t, ErrorSums>& videos);

/// A kill while saving leaves the earlier result whole. Pictures that cannot be read are passed by. Throw Error for a
/// folder that cannot be written or read, DataError for a file of another version.
void save_reconstruction(const Reconstruction& result, const std::filesystem::path& run_dir);
Reconstruction load_reconstruction(const std::filesystem::path& run_dir);

inline constexpr const char* kReconstructionFile = "reconstruction.json";
inline constexpr const char* kReconstructionFolder = "reconstruction";

}  // namespace realface::stages
