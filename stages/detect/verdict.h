#pragma once

#include <torch/types.h>
#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stages/evaluate/branches.h"

/// What a detector says of a file that nobody knows: of every person in it, frame by frame.
namespace realface::stages {

/// What branches say of some frames of one person.
struct PersonScores {
  torch::Tensor p_fake;  // f64 [T, branches]
  torch::Tensor masks;   // f32 [T, H, W], where the face was tampered with; undefined if no branch says it
};

/// Of faces u8 [T, H, W, 3], on the networks' device; what it gives is on the CPU. A branch of clips scores clips one
/// after another, the last ending with the last frame, and a frame by the mean of its clips; too few frames for one are
/// filled up with the last. A branch without scores of frames gives all of them the score of their mean.
PersonScores score_frames(const std::vector<Branch>& branches, const torch::Tensor& faces);

/// One frame of a person.
struct FrameVerdict {
  int32_t frame = 0;
  double seconds = 0;
  std::array<float, 4> box{};  // left, top, right, bottom in pixels of the shown frame
  double p_fake = 0;           // mean over the branches
};

struct PersonVerdict {
  std::vector<FrameVerdict> timeline;
  std::vector<double> sums;  // by branch

  double p_fake() const;  // mean over the frames
  /// Adds a frame with the branches' scores, f64 [branches].
  void add(FrameVerdict frame, const torch::Tensor& scores);
};

/// How people become a file: max | mean over them.
struct VerdictRule {
  std::string over_people = "max";
  int64_t shortest = 5;      // frames with a person's face, below which the person counts only if nobody has more
  std::string text() const;  // "max over people of the mean over frames"
};

struct FileVerdict {
  std::string file;
  std::string status = "ok";  // ok | no_face | unreadable | crashed | truncated
  std::string why;            // if it is not ok
  int64_t frames = 0;         // that were looked at
  std::map<int64_t, PersonVerdict> people;

  /// NaN if no face was found.
  double p_fake(const VerdictRule& rule) const;
};

/// {"file", "status", "why", "p_fake", "rule", "frames", "people": [{"person", "p_fake", "p_BRANCH"..., "frames",
/// "from_s", "to_s", "timeline": [{"frame", "s", "p_fake", "box"}]}]}; people in the order of their scores.
nlohmann::json to_json(const FileVerdict& verdict, const VerdictRule& rule, const std::vector<std::string>& branches);

}  // namespace realface::stages
