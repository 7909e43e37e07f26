#include "stages/scores/roc.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stages/scores/placements.h"

namespace realface::stages {
namespace {

constexpr double kNormal975 = 1.959963984540054;  // the 97.5 % quantile of the normal distribution

/// Scores of one value.
struct Group {
  int64_t real = 0, fake = 0;
};

std::vector<Group> groups_descending(std::span<const Scored> ascending) {
  std::vector<Group> groups;
  for (size_t i = ascending.size(); i-- > 0;) {
    if (i + 1 == ascending.size() || ascending[i].p_fake != ascending[i + 1].p_fake) { groups.emplace_back(); }
    ++(ascending[i].fake ? groups.back().fake : groups.back().real);
  }
  return groups;
}

/// False and true positives at each threshold, from the highest down; (0, 0) is left out.
struct Curve {
  int64_t real = 0, fake = 0;
  std::vector<int64_t> false_positives, true_positives;

  explicit Curve(const std::vector<Group>& groups) {
    for (const auto& group : groups) {
      false_positives.push_back(real += group.real);
      true_positives.push_back(fake += group.fake);
    }
  }
};

/// FPR - FNR grows with every threshold, so it crosses 0 once; in integers until the last division.
double interpolated_eer(const Curve& curve) {
  const auto gap = [&](int64_t fp, int64_t tp) { return fp * curve.fake - (curve.fake - tp) * curve.real; };
  int64_t fp = 0, before = gap(0, 0);
  for (size_t i = 0; i < curve.false_positives.size(); ++i) {
    const int64_t after = gap(curve.false_positives[i], curve.true_positives[i]);
    if (after >= 0) {
      const double share = static_cast<double>(-before) / static_cast<double>(after - before);
      return (static_cast<double>(fp) + share * static_cast<double>(curve.false_positives[i] - fp)) /
             static_cast<double>(curve.real);
    }
    fp = curve.false_positives[i], before = after;
  }
  return kNaN;  // not reached: the last gap is fake * real
}

/// scikit-learn's roc_curve drops points on a straight line, and puts (0, 0) in front afterwards.
double nearest_eer(const Curve& curve) {
  const auto& fp = curve.false_positives;
  const auto& tp = curve.true_positives;
  const auto fpr = [&](int64_t count) { return static_cast<double>(count) / static_cast<double>(curve.real); };
  const auto fnr = [&](int64_t count) { return 1 - static_cast<double>(count) / static_cast<double>(curve.fake); };
  double nearest = 1, at = 0;  // of (0, 0)
  for (size_t i = 0; i < fp.size(); ++i) {
    const bool end = i == 0 || i + 1 == fp.size();
    if (!end && fp[i + 1] - fp[i] == fp[i] - fp[i - 1] && tp[i + 1] - tp[i] == tp[i] - tp[i - 1]) { continue; }
    const double distance = std::abs(fnr(tp[i]) - fpr(fp[i]));
    if (distance < nearest) { nearest = distance, at = fpr(fp[i]); }
  }
  return at;
}

double average_precision(const Curve& curve) {
  double sum = 0;
  int64_t before = 0;
  for (size_t i = 0; i < curve.true_positives.size(); ++i) {
    const auto tp = static_cast<double>(curve.true_positives[i]);
    const double precision = tp / (tp + static_cast<double>(curve.false_positives[i]));
    sum += precision * static_cast<double>(curve.true_positives[i] - before);
    before = curve.true_positives[i];
  }
  return sum / static_cast<double>(curve.fake);
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
  const Curve curve(groups_descending(scores));
  RocMetrics metrics;
  metrics.real = curve.real, metrics.fake = curve.fake;
  if (!scores.empty()) { metrics.acc = accuracy(scores); }
  if (curve.real == 0 || curve.fake == 0) {
    metrics.reason = curve.real == curve.fake ? "no scores" : curve.real == 0 ? "no real videos" : "no fake videos";
    return metrics;
  }
  metrics.auc = area_under_curve(scores);
  metrics.eer = interpolated_eer(curve);
  metrics.eer_nearest = nearest_eer(curve);
  metrics.ap = average_precision(curve);
  add_interval(scores, metrics);
  return metrics;
}

std::vector<RocPoint> roc_curve(std::span<const Scored> scores) {
  std::vector<Scored> ascending(scores.begin(), scores.end());
  sort_ascending(ascending);
  const Curve curve(groups_descending(ascending));
  if (curve.real == 0 || curve.fake == 0) { return {}; }
  std::vector<RocPoint> points{{}};
  for (size_t i = 0; i < curve.false_positives.size(); ++i) {
    points.push_back({static_cast<double>(curve.false_positives[i]) / static_cast<double>(curve.real),
                      static_cast<double>(curve.true_positives[i]) / static_cast<double>(curve.fake)});
  }
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
