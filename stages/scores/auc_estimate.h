#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "stages/scores/missing.h"

/// AUCs whose videos may be the same, and means of them (docs/decisions.md, V8).
namespace realface::stages {

using VideoKey = std::pair<std::string, std::string>;  // dataset and video

struct LabelledVideo {
  double p_fake = 0;
  bool fake = false;
};

/// An AUC, or a mean of some.
struct AucEstimate {
  double auc = kNaN;
  double low = kNaN, high = kNaN;    // its 95 % interval over videos, for the detectors at hand; cut off at 0 and 1
  std::map<VideoKey, double> parts;  // what each video adds to the error, in the scale in which the sum of squares is
                                     // the variance; empty: fewer than two videos of a class
};

/// DeLong's interval (roc.h): a video's part is the distance of its placement from the AUC, over its class's number.
AucEstimate estimate_auc(const std::map<VideoKey, LabelledVideo>& videos);

/// The mean. A video's parts add up over the estimates that hold it, so what several detectors, or several kinds of
/// fakes beside the same reals, have in common counts as such (paired curves: DeLong, DeLong and Clarke-Pearson,
/// Biometrics 1988). No interval if one estimate has none. Throws nothing; of no estimates: NaN.
AucEstimate mean_estimate(std::span<const AucEstimate> estimates);

}  // namespace realface::stages
