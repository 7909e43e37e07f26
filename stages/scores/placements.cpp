#include "stages/scores/placements.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace realface::stages {
namespace {

/// Calls `visit(begin, end, reals below, fakes below)` for each run of equal scores.
void for_equal_scores(std::span<const Scored> ascending,
                      const std::function<void(size_t, size_t, int64_t, int64_t)>& visit) {
  int64_t reals = 0, fakes = 0;
  for (size_t begin = 0; begin < ascending.size();) {
    size_t end = begin;
    int64_t fakes_here = 0;
    for (; end < ascending.size() && ascending[end].p_fake == ascending[begin].p_fake; ++end) {
      fakes_here += ascending[end].fake ? 1 : 0;
    }
    visit(begin, end, reals, fakes);
    reals += static_cast<int64_t>(end - begin) - fakes_here;
    fakes += fakes_here;
    begin = end;
  }
}

int64_t fakes_in(std::span<const Scored> scores) { return std::ranges::count(scores, true, &Scored::fake); }

/// Calls `take(index, placement)` for every score.
void for_placements(std::span<const Scored> ascending, const std::function<void(size_t, double)>& take) {
  const int64_t fakes = fakes_in(ascending), reals = static_cast<int64_t>(ascending.size()) - fakes;
  for_equal_scores(ascending, [&](size_t begin, size_t end, int64_t reals_below, int64_t fakes_below) {
    const int64_t fakes_here = fakes_in(ascending.subspan(begin, end - begin));
    const int64_t reals_here = static_cast<int64_t>(end - begin) - fakes_here;
    const double of_fake = static_cast<double>(2 * reals_below + reals_here) / (2.0 * static_cast<double>(reals));
    const double of_real =
        static_cast<double>(2 * (fakes - fakes_below) - fakes_here) / (2.0 * static_cast<double>(fakes));
    for (size_t i = begin; i < end; ++i) { take(i, ascending[i].fake ? of_fake : of_real); }
  });
}

/// Of one cluster: its scores, and their placements added up, by class.
struct ClusterSums {
  double fakes = 0, reals = 0, of_fakes = 0, of_reals = 0;
};

}  // namespace

double area_under_curve(std::span<const Scored> ascending) {
  int64_t twice_wins = 0;
  for_equal_scores(ascending, [&](size_t begin, size_t end, int64_t reals_below, int64_t) {
    const int64_t fakes_here = fakes_in(ascending.subspan(begin, end - begin));
    twice_wins += fakes_here * (2 * reals_below + static_cast<int64_t>(end - begin) - fakes_here);
  });
  const int64_t fakes = fakes_in(ascending), reals = static_cast<int64_t>(ascending.size()) - fakes;
  return static_cast<double>(twice_wins) / (2.0 * static_cast<double>(fakes) * static_cast<double>(reals));
}

double clustered_auc_variance(std::span<const Scored> ascending, double auc) {
  const auto last = std::ranges::max_element(ascending, {}, &Scored::cluster);
  std::vector<ClusterSums> clusters(static_cast<size_t>(last->cluster) + 1);
  for_placements(ascending, [&](size_t i, double placement) {
    auto& cluster = clusters[static_cast<size_t>(ascending[i].cluster)];
    (ascending[i].fake ? cluster.fakes : cluster.reals) += 1;
    (ascending[i].fake ? cluster.of_fakes : cluster.of_reals) += placement;
  });
  double all = 0, with_fakes = 0, with_reals = 0, fakes = 0, reals = 0, s10 = 0, s01 = 0, s11 = 0;
  for (const auto& cluster : clusters) {
    if (cluster.fakes + cluster.reals == 0) { continue; }
    const double of_fakes = cluster.of_fakes - cluster.fakes * auc, of_reals = cluster.of_reals - cluster.reals * auc;
    all += 1, with_fakes += cluster.fakes > 0 ? 1 : 0, with_reals += cluster.reals > 0 ? 1 : 0;
    fakes += cluster.fakes, reals += cluster.reals;
    s10 += of_fakes * of_fakes, s01 += of_reals * of_reals, s11 += of_fakes * of_reals;
  }
  if (with_fakes < 2 || with_reals < 2) { return kNaN; }
  const double variance = with_fakes / (with_fakes - 1) * s10 / (fakes * fakes) +
                          with_reals / (with_reals - 1) * s01 / (reals * reals) +
                          2 * all / (all - 1) * s11 / (fakes * reals);
  return std::max(0.0, variance);
}

std::vector<double> placements(std::span<const double> scores, const std::vector<bool>& fake) {
  std::vector<Scored> sorted(scores.size());
  for (size_t i = 0; i < scores.size(); ++i) { sorted[i] = {scores[i], static_cast<int32_t>(i), fake[i]}; }
  std::ranges::sort(sorted, {}, &Scored::p_fake);
  std::vector<double> result(scores.size());
  for_placements(sorted, [&](size_t i, double one) { result[static_cast<size_t>(sorted[i].cluster)] = one; });
  return result;
}

double mean_placement(const std::vector<double>& placements, const std::vector<bool>& fake) {
  return moments_of_differences(std::vector<double>(placements.size(), 0.0), placements, fake, true).mean;
}

Moments moments_of_differences(const std::vector<double>& a, const std::vector<double>& b,
                               const std::vector<bool>& fake, bool label) {
  double count = 0;
  Moments moments;
  for (size_t i = 0; i < a.size(); ++i) {
    if (fake[i] != label) { continue; }
    // Welford: no digits cancel, even if all differences are nearly equal.
    const double before = b[i] - a[i] - moments.mean;
    moments.mean += before / ++count;
    moments.variance += before * (b[i] - a[i] - moments.mean);
  }
  moments.variance /= count - 1;
  return moments;
}

}  // namespace realface::stages
