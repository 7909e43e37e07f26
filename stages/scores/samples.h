#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "data/shards/folders.h"

/// Which video and class a sample of a dataset belongs to.
namespace realface::stages {

struct VideoInfo {
  std::string key;         // stable id of the video, unique among all datasets
  std::string class_name;  // "real", "fake/Deepfakes", ..., "unknown"
  int8_t label = -1;       // 0 real, 1 fake, -1 unknown
  std::string split;
  int64_t group = 0;                      // a source video and all fakes made from it
  int64_t first = 0;                      // sample number of its first frame
  int64_t frames = 0;                     // stored; 0 for a video in which nothing was found
  std::string dataset = {}, method = {};  // method: of the manipulation; empty for reals and if it has no name
};

class SampleTable {
 public:
  /// Videos in the order of the dataset; `first` is filled in here.
  explicit SampleTable(std::vector<VideoInfo> videos);

  /// Reads the index of every shard that the manifests list. Throws DataError.
  static SampleTable read(const data::Folders& folders);

  const std::vector<VideoInfo>& videos() const { return videos_; }
  /// The number of the video of a sample; throws DataError for a sample beyond the dataset.
  size_t video_of(int64_t sample) const;
  int64_t samples() const;

  /// Videos of `split` whose leakage group also has a video in the training split. Should be 0.
  int64_t seen_in_training(const std::string& split) const;

  /// Samples worth looking at: the middle frames of up to `real` real videos, of different groups where there are
  /// enough, spread over the
  /// split, and of up to `fake` videos of each other class, of the same groups where there are such.
  std::set<int64_t> pick(const std::string& split, int64_t real, int64_t fake) const;

 private:
  std::vector<VideoInfo> videos_;
};

}  // namespace realface::stages
