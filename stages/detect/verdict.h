#pragma once

#include <torch/types.h>
#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stages/detect/calibration.h"

/// What a detector says of a file that nobody knows: of every person in it, and when.
namespace realface::stages {

/// One frame of a person, or several that follow each other.
struct Span {
  int32_t frame = 0;  // the first one's ordinal
  double seconds = 0;
  std::array<float, 4> box{};  // left, top, right, bottom in pixels of the shown frame
  double p_fake = 0;           // mean over branches and frames
  int64_t frames = 1;
};

/// Spans of equal length, one frame each at first; they are joined by twos whenever there are too many, so that memory
/// does not grow with the video.
class Timeline {
 public:
  explicit Timeline(size_t most = 1000) : most_(most) {}
  void add(const Span& frame);
  const std::vector<Span>& spans() const { return spans_; }

 private:
  size_t most_;
  int64_t length_ = 1;  // frames of a span
  std::vector<Span> spans_;
};

struct PersonVerdict {
  Timeline timeline;
  std::vector<double> sums;  // by branch
  int64_t frames = 0;
  double last = 0;  // seconds at which the person was last seen

  double score() const;  // mean over branches and frames, not calibrated
  /// Adds a frame, which need not have a p_fake, with the branches' scores, f64 [branches].
  void add(Span frame, const torch::Tensor& scores);
};

/// How people become a file.
struct VerdictRule {
  std::string over_people = "max";  // max | mean
  int64_t shortest = 5;          // frames with a person's face, below which the person counts only if nobody has more
  Calibration calibration = {};  // of a person's score
  std::string text() const;      // "max over people of the mean over frames"
};

struct FileVerdict {
  std::string file;
  std::string status = "ok";  // ok | no_face | unreadable | crashed | truncated
  std::string why;            // if it is not ok
  int64_t frames = 0;         // that were looked at
  std::map<int64_t, PersonVerdict> people;

  /// Calibrated; NaN if no face was found.
  double p_fake(const VerdictRule& rule) const;
};

/// {"file", "status", "why", "p_fake", "verdict", "rule", "frames", "people": [{"person", "p_fake", "verdict",
/// "p_BRANCH"..., "frames", "from_s", "to_s", "timeline": [{"frame", "s", "p_fake", "box", "frames"}]}]}; people in the
/// order of their scores. "verdict" is there if the detector was calibrated and a face was found; it is of the
/// calibrated "p_fake" of people and file; branches and frames have their scores as they are.
nlohmann::json to_json(const FileVerdict& verdict, const VerdictRule& rule, const std::vector<std::string>& branches);

}  // namespace realface::stages
