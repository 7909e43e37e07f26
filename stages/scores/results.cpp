#include "stages/scores/results.h"

#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "base/atomic_file.h"
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

/// `method` null: of all.
nlohmann::json metrics_of(const VisitScores& scores, const std::string* method) {
  const auto wanted = [&](const LabelledScore& score) {
    return method == nullptr || !score.fake || *score.method == *method;
  };
  size_t count = 0;
  scores([&](const LabelledScore& score) { count += wanted(score) ? 1 : 0; });
  std::vector<Scored> some;
  some.reserve(count);
  scores([&](const LabelledScore& score) {
    if (wanted(score)) { some.push_back({score.p_fake, score.cluster, score.fake}); }
  });
  return to_json(roc_metrics(some));
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

nlohmann::json metrics_by_method(const VisitScores& scores) {
  nlohmann::json metrics = {{"all", metrics_of(scores, nullptr)}};
  std::set<std::string> methods;
  scores([&](const LabelledScore& score) {
    if (score.fake && !score.method->empty()) { methods.insert(*score.method); }
  });
  for (const auto& method : methods) { metrics[method] = metrics_of(scores, &method); }
  return metrics;
}

nlohmann::json results_of(const Scores& scores) {
  nlohmann::json results = {{"sets", nlohmann::json::object()}};
  for (const auto& [name, videos] : videos_by_set(scores)) {
    auto& set = results["sets"][name];
    set["video"] = metrics_by_method([&, &own = videos](const auto& take) {
      for (size_t i = 0; i < own.size(); ++i) {
        if (std::isnan(own[i]->p_fake)) { continue; }
        take({own[i]->p_fake, static_cast<int32_t>(i), own[i]->label == 1, &own[i]->method});
      }
    });
    set["without_face"] = without_face(videos);
  }
  return results;
}

std::vector<std::string> oracle_sets(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  if (!std::filesystem::exists(folder / kResultsFile)) { return names; }
  const auto json = nlohmann::json::parse(read_file(folder / kResultsFile), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) { return names; }
  const auto sets = json.value("sets", nlohmann::json::object());
  for (const auto& [name, set] : sets.items()) {
    if (set.contains("oracle")) { names.push_back(name); }
  }
  return names;
}

}  // namespace realface::stages
