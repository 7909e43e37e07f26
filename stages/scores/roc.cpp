#include "stages/scores/roc.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "stages/scores/placements.h"

namespace realface::stages {
namespace {

/// How many reals and fakes there are.
struct Counts {
  int64_t real = 0, fake = 0;
};

Counts counts_of(std::span<const Scored> scores) {
  const auto fakes = std::ranges::count(scores, true, &Scored::fake);
  return {static_cast<int64_t>(scores.size()) - fakes, fakes};
}

/// Calls `visit(false positives, true positives)` for each threshold, from the highest down; (0, 0) is left out.
template <class Visit>
void for_thresholds(std::span<const Scored> ascending, const Visit& visit) {
  int64_t fp = 0, tp = 0;
  for (size_t i = ascending.size(); i > 0;) {
    const double threshold = ascending[i - 1].p_fake;
    for (; i > 0 && ascending[i - 1].p_fake == threshold; --i) { ++(ascending[i - 1].fake ? tp : fp); }
    visit(fp, tp);
  }
}

/// FPR - FNR grows with every threshold, so it crosses 0 once; in integers until the last division.
double interpolated_eer(std::span<const Scored> ascending, const Counts& all) {
  const auto gap = [&](int64_t fp, int64_t tp) { return fp * all.fake - (all.fake - tp) * all.real; };
  int64_t last_fp = 0, before = gap(0, 0);
  double eer = kNaN;
  for_thresholds(ascending, [&](int64_t fp, int64_t tp) {
    const int64_t after = gap(fp, tp);
    if (before < 0 && after >= 0) {
      const double share = static_cast<double>(-before) / static_cast<double>(after - before);
      eer = (static_cast<double>(last_fp) + share * static_cast<double>(fp - last_fp)) / static_cast<double>(all.real);
    }
    last_fp = fp, before = after;
  });
  return eer;
}

/// scikit-learn's roc_curve drops points on a straight line, and puts (0, 0) in front afterwards.
class NearestEer {
 public:
  explicit NearestEer(const Counts& all) : all_(all) {}

  void add(int64_t fp, int64_t tp) {
    const bool straight = seen_ > 1 && fp - fp_[1] == fp_[1] - fp_[0] && tp - tp_[1] == tp_[1] - tp_[0];
    if (seen_ > 0 && !straight) { weigh(); }
    fp_[0] = fp_[1], tp_[0] = tp_[1];
    fp_[1] = fp, tp_[1] = tp;
    ++seen_;
  }
  double finish() {
    if (seen_ > 0) { weigh(); }
    return at_;
  }

 private:
  /// The last point that was added.
  void weigh() {
    const double fpr = static_cast<double>(fp_[1]) / static_cast<double>(all_.real);
    const double fnr = 1 - static_cast<double>(tp_[1]) / static_cast<double>(all_.fake);
    if (std::abs(fnr - fpr) < nearest_) { nearest_ = std::abs(fnr - fpr), at_ = fpr; }
  }

  Counts all_;
  std::array<int64_t, 2> fp_{}, tp_{};  // of the point before, and of the last one
  int64_t seen_ = 0;
  double nearest_ = 1, at_ = 0;  // of (0, 0)
};

double nearest_eer(std::span<const Scored> ascending, const Counts& all) {
  NearestEer nearest(all);
  for_thresholds(ascending, [&](int64_t fp, int64_t tp) { nearest.add(fp, tp); });
  return nearest.finish();
}

double average_precision(std::span<const Scored> ascending, const Counts& all) {
  double sum = 0;
  int64_t before = 0;
  for_thresholds(ascending, [&](int64_t fp, int64_t tp) {
    const double precision = static_cast<double>(tp) / (static_cast<double>(tp) + static_cast<double>(fp));
    sum += precision * static_cast<double>(tp - before);
    before = tp;
  });
  return sum / static_cast<double>(all.fake);
}

double accuracy(std::span<const Scored> scores) {
  const auto right = std::ranges::count_if(scores, [](const auto& one) { return (one.p_fake > 0.5) == one.fake; });
  return static_cast<double>(right) / static_cast<double>(scores.size());
}

void add_interval(std::span<const Scored> scores, RocMetrics& metrics) {
  const double variance = clustered_auc_variance(scores, metrics.auc);
  if (std::isnan(variance)) {
    metrics.reason = "an interval needs two videos of each class";
    return;
  }
  const double half = kNormal975 * std::sqrt(variance);
  metrics.auc_low = std::max(0.0, metrics.auc - half);
  metrics.auc_high = std::min(1.0, metrics.auc + half);
}

void sort_ascending(std::span<Scored> scores) {
  if (std::ranges::any_of(scores, [](const auto& one) { return std::isnan(one.p_fake); })) {
    throw Error("[scores] a score is not a number; look for weights or pixels that are not finite");
  }
  std::ranges::sort(scores, {}, &Scored::p_fake);
}

}  // namespace

RocMetrics roc_metrics(std::span<Scored> scores) {
  sort_ascending(scores);
  const auto all = counts_of(scores);
  RocMetrics metrics;
  metrics.real = all.real, metrics.fake = all.fake;
  if (!scores.empty()) { metrics.acc = accuracy(scores); }
  if (all.real == 0 || all.fake == 0) {
    metrics.reason = all.real == all.fake ? "no scores" : all.real == 0 ? "no real videos" : "no fake videos";
    return metrics;
  }
  metrics.auc = area_under_curve(scores);
  metrics.eer = interpolated_eer(scores, all);
  metrics.eer_nearest = nearest_eer(scores, all);
  metrics.ap = average_precision(scores, all);
  add_interval(scores, metrics);
  return metrics;
}

std::vector<RocPoint> roc_curve(std::span<const Scored> scores) {
  std::vector<Scored> ascending(scores.begin(), scores.end());
  sort_ascending(ascending);
  const auto all = counts_of(ascending);
  if (all.real == 0 || all.fake == 0) { return {}; }
  std::vector<RocPoint> points{{}};
  for_thresholds(ascending, [&](int64_t fp, int64_t tp) {
    points.push_back({static_cast<double>(fp) / static_cast<double>(all.real),
                      static_cast<double>(tp) / static_cast<double>(all.fake)});
  });
  return points;
}

AucComparison compare_auc(std::span<const double> a, std::span<const double> b, const std::vector<bool>& fake) {
  if (a.size() != b.size() || a.size() != fake.size()) {
    throw Error("[scores] two lists of scores and one of labels are compared; they are not of one length");
  }
  const auto fakes = std::ranges::count(fake, true), reals = std::ranges::count(fake, false);
  if (fakes < 2 || reals < 2) { throw Error("[scores] a comparison needs two fakes and two reals at least"); }
  AucComparison result;
  const auto of_a = placements(a, fake), of_b = placements(b, fake);
  const auto differences = [&](bool label) { return moments_of_differences(of_a, of_b, fake, label); };
  const auto of_fakes = differences(true), of_reals = differences(false);
  result.auc_a = mean_placement(of_a, fake), result.auc_b = mean_placement(of_b, fake);
  result.difference = result.auc_b - result.auc_a;
  const double deviation =
      std::sqrt(of_fakes.variance / static_cast<double>(fakes) + of_reals.variance / static_cast<double>(reals));
  result.low = result.difference - kNormal975 * deviation;
  result.high = result.difference + kNormal975 * deviation;
  if (deviation > 0) {
    result.p = std::erfc(std::abs(result.difference) / deviation / std::sqrt(2.0));
  } else if (result.difference == 0) {
    result.p = 1;
  }
  return result;
}

}  // namespace realface::stages
