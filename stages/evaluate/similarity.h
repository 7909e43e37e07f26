#pragma once

#include <torch/types.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "data/batch.h"
#include "data/loading/companion.h"
#include "distributed/communicator.h"
#include "stages/scores/samples.h"

namespace realface::stages {

/// How far restored and mapped faces are from the originals, which Recap's Fig. 5 compares between real and fake
/// videos. The distance of two faces is the root of their mean squared difference, pixels in [0, 1], at the size of the
/// smaller one; that of a video is the mean over the frames that were scored.
class Similarity {
 public:
  /// restored: the companion that holds restored faces of these samples, or null. Holds `table`.
  Similarity(const SampleTable& table, std::shared_ptr<const data::Companion> restored);

  /// One sample of a batch with frames [B, T, H, W, 3]. maps: f32 [T, 3, h, w], its mapped faces, or undefined.
  void add(const data::Batch& batch, int64_t row, const torch::Tensor& maps);
  void reduce(distributed::Communicator& group);
  /// f64 [videos, 2]: restored, mapped; NaN for what was not seen.
  torch::Tensor distances() const { return sums_ / counts_; }

 private:
  void note(size_t video, int64_t column, const torch::Tensor& faces, const torch::Tensor& originals);
  bool has_rows(const data::Batch& batch, int64_t row, int64_t frames) const;
  torch::Tensor restored_faces(const data::Batch& batch, int64_t row, int64_t frames) const;

  const SampleTable& table_;
  std::shared_ptr<const data::Companion> restored_;
  torch::Tensor sums_, counts_;
};

/// {"before": {"bins", "real", "fake", "nearest", "farthest", "overlap"}, "after": {...}} of the videos of a split that
/// have a label: shares of each class by similarity, which is 1 for the nearest video and 0 for the farthest, and the
/// area that both share. Null for what has not two classes.
nlohmann::json similarity_results(const SampleTable& table, const std::string& split, const torch::Tensor& distances);

}  // namespace realface::stages
