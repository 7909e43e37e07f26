#include "stages/scores/auc_of_videos.h"

#include <cmath>
#include <vector>

namespace realface::stages {

RocMetrics auc_of_videos(const SampleTable& table, const torch::Tensor& scores, const std::set<std::string>& methods) {
  std::vector<Scored> scored;
  for (size_t i = 0; i < table.videos().size(); ++i) {
    const auto& video = table.videos()[i];
    const double score = scores[static_cast<int64_t>(i)].item<double>();
    const bool asked = video.label == 0 || methods.empty() || methods.contains(video.method);
    if (video.label < 0 || !asked || std::isnan(score)) { continue; }
    scored.push_back({score, static_cast<int32_t>(i), video.label == 1});
  }
  return roc_metrics(scored);
}

}  // namespace realface::stages
