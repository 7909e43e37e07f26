#include "stages/scores/auc_estimate.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "stages/scores/placements.h"

namespace realface::stages {
namespace {

void add_interval_of_parts(AucEstimate& estimate) {
  if (estimate.parts.empty()) { return; }
  double variance = 0;
  for (const auto& [video, part] : estimate.parts) { variance += part * part; }
  const double half = kNormal975 * std::sqrt(variance);
  estimate.low = std::max(0.0, estimate.auc - half);
  estimate.high = std::min(1.0, estimate.auc + half);
}

}  // namespace

AucEstimate estimate_auc(const std::map<VideoKey, LabelledVideo>& videos) {
  std::vector<double> scores;
  std::vector<bool> fake;
  for (const auto& [key, video] : videos) { scores.push_back(video.p_fake), fake.push_back(video.fake); }
  const auto fakes = static_cast<double>(std::ranges::count(fake, true));
  const auto reals = static_cast<double>(videos.size()) - fakes;
  AucEstimate estimate;
  if (fakes == 0 || reals == 0) { return estimate; }
  const auto placed = placements(scores, fake);
  double sum = 0;
  for (size_t i = 0; i < placed.size(); ++i) { sum += fake[i] ? placed[i] : 0; }
  estimate.auc = sum / fakes;
  if (fakes < 2 || reals < 2) { return estimate; }
  size_t i = 0;
  for (const auto& [key, video] : videos) {
    const double count = video.fake ? fakes : reals;
    estimate.parts[key] = (placed[i++] - estimate.auc) / std::sqrt(count * (count - 1));
  }
  add_interval_of_parts(estimate);
  return estimate;
}

AucEstimate mean_estimate(std::span<const AucEstimate> estimates) {
  AucEstimate mean;
  if (estimates.empty()) { return mean; }
  const double share = 1.0 / static_cast<double>(estimates.size());
  mean.auc = 0;
  for (const auto& estimate : estimates) {
    mean.auc += share * estimate.auc;
    for (const auto& [video, part] : estimate.parts) { mean.parts[video] += share * part; }
  }
  if (std::ranges::any_of(estimates, [](const auto& estimate) { return estimate.parts.empty(); })) {
    mean.parts.clear();
  }
  add_interval_of_parts(mean);
  return mean;
}

}  // namespace realface::stages
