#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stages/scores/missing.h"

/// How well scores tell fakes from reals (docs/decisions.md, V1 to V3). NaN stands for a number that cannot be said.
namespace realface::stages {

inline constexpr double kNormal975 = 1.959963984540054;  // the 97.5 % quantile of the normal distribution

/// One score of a video, a frame or a clip.
struct Scored {
  double p_fake = 0;
  int32_t cluster = 0;  // what is not independent shares one: frames of a video. Numbered from 0
  bool fake = false;
};

struct RocMetrics {
  int64_t real = 0, fake = 0;
  double auc = kNaN;                       // Mann-Whitney, ties one half
  double auc_low = kNaN, auc_high = kNaN;  // its 95 % interval
  double eer = kNaN;                       // where the linearly interpolated ROC curve meets FPR = 1 - TPR
  double eer_nearest = kNaN;  // FPR at the point of scikit-learn's curve nearest to it, as DeepfakeBench has it
  double ap = kNaN;           // average precision of the fakes, ties as one step
  double acc = kNaN;          // share of scores on their side of 0.5; 0.5 itself counts as real
  std::string reason;         // why something is missing; empty: nothing is
};

/// O(n log n), in place: `scores` are sorted by score. Throws Error for a score that is NaN.
///
/// The interval is DeLong's (DeLong, DeLong and Clarke-Pearson, Biometrics 1988), for clusters of several scores in the
/// form of Obuchowski (Biometrics 1997); it needs two real and two fake clusters, and is cut off at 0 and 1.
RocMetrics roc_metrics(std::span<Scored> scores);

/// A point of the ROC curve: the shares of reals and of fakes whose score is a threshold's or above.
struct RocPoint {
  double fpr = 0, tpr = 0;
};

/// From (0, 0) to (1, 1), one point for each score that occurs, from the highest down: equal scores are one step. The
/// area under straight lines between them is the AUC. Empty unless there are scores of both classes; `scores` may be in
/// any order. Throws Error for a score that is NaN.
std::vector<RocPoint> roc_curve(std::span<const Scored> scores);

/// Whether two sets of scores of the same items differ in AUC: DeLong's test for paired curves.
struct AucComparison {
  double auc_a = kNaN, auc_b = kNaN;
  double difference = kNaN, low = kNaN, high = kNaN;  // b - a, 95 %
  double p = kNaN;                                    // two-sided; NaN if the curves differ and nothing varies
};

/// a[i] and b[i] are scores of one item, fake or not. Throws Error unless there are two of each label at least and all
/// lists are of one length.
AucComparison compare_auc(std::span<const double> a, std::span<const double> b, const std::vector<bool>& fake);

}  // namespace realface::stages
