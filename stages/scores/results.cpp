#include "stages/scores/results.h"

#include <cmath>
#include <map>
#include <set>

#include "stages/scores/roc.h"

namespace realface::stages {
namespace {

nlohmann::json to_json(const RocMetrics& metrics) {
  nlohmann::json json = {{"auc", number_or_null(metrics.auc)},
                         {"auc_low", number_or_null(metrics.auc_low)},
                         {"auc_high", number_or_null(metrics.auc_high)},
                         {"eer", number_or_null(metrics.eer)},
                         {"eer_nearest", number_or_null(metrics.eer_nearest)},
                         {"ap", number_or_null(metrics.ap)},
                         {"acc", number_or_null(metrics.acc)},
                         {"real", metrics.real},
                         {"fake", metrics.fake}};
  if (!metrics.reason.empty()) { json["reason"] = metrics.reason; }
  return json;
}

/// The videos of one set; `method` empty: all of them, else its fakes and all reals.
nlohmann::json metrics_of(const std::vector<const VideoScore*>& videos, const std::string& method) {
  std::vector<Scored> scores;
  for (const auto* video : videos) {
    if (std::isnan(video->p_fake) || (video->label == 1 && !method.empty() && video->method != method)) { continue; }
    scores.push_back({video->p_fake, static_cast<int32_t>(scores.size()), video->label == 1});
  }
  return to_json(roc_metrics(scores));
}

nlohmann::json without_face(const std::vector<const VideoScore*>& videos) {
  nlohmann::json counts = {{"real", 0}, {"fake", 0}};
  for (const auto* video : videos) {
    if (!std::isnan(video->p_fake)) { continue; }
    auto& count = counts[video->label == 1 ? "fake" : "real"];
    count = count.get<int64_t>() + 1;
  }
  return counts;
}

}  // namespace

nlohmann::json results_of(const Scores& scores) {
  std::map<std::string, std::vector<const VideoScore*>> sets;
  for (const auto& video : scores.videos) { sets[video.set].push_back(&video); }
  nlohmann::json results = {{"sets", nlohmann::json::object()}};
  for (const auto& [name, videos] : sets) {
    auto& set = results["sets"][name];
    set["video"]["all"] = metrics_of(videos, "");
    std::set<std::string> methods;
    for (const auto* video : videos) {
      if (video->label == 1 && !video->method.empty()) { methods.insert(video->method); }
    }
    for (const auto& method : methods) { set["video"][method] = metrics_of(videos, method); }
    set["without_face"] = without_face(videos);
  }
  return results;
}

}  // namespace realface::stages
