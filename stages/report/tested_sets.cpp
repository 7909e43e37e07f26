#include <cmath>

#include "stages/report/detection.h"
#include "stages/report/html.h"
#include "stages/report/sections.h"
#include "stages/scores/missing.h"
#include "stages/scores/results.h"

namespace realface::stages::report::html {
namespace {

std::vector<const VideoScore*> scored_videos(const RunPart& part, const std::string& set) {
  std::vector<const VideoScore*> videos;
  if (!part.scores) { return videos; }
  for (const auto& video : part.scores->videos) {
    if (video.set == set && !std::isnan(video.p_fake)) { videos.push_back(&video); }
  }
  return videos;
}

void add_sets(const RunPart& part, std::vector<TestedSet>& sets) {
  const auto results = part.results.is_null() && part.scores ? results_of(*part.scores) : part.results;
  const auto figures = member(results, "sets");
  if (!figures.is_object()) { return; }
  for (const auto& [name, of_set] : figures.items()) {
    sets.push_back({&part, name, of_set, scored_videos(part, name)});
  }
}

std::string auc_in_words(const nlohmann::json& metrics) {
  const auto interval = interval_of(metrics);
  return number(number_at(metrics, "auc")) + (interval.empty() ? "" : " (95 % interval " + interval + ")");
}

}  // namespace

nlohmann::json member(const nlohmann::json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nlohmann::json() : *found;
}

nlohmann::json TestedSet::all() const { return member(member(figures, "video"), "all"); }

bool is_oracle(const TestedSet& set) {
  const auto said = member(set.figures, "oracle");
  return !said.is_null() && said != false;
}

std::vector<TestedSet> tested_sets(const ReportInput& input) {
  std::vector<TestedSet> sets;
  for (const auto& part : input.parts) { add_sets(part, sets); }
  bool several_entries = false;
  for (const auto& set : sets) { several_entries = several_entries || set.part != sets.front().part; }
  for (auto& set : sets) { set.name = (several_entries ? set.part->name + ", " : "") + set.name; }
  return sets;
}

bool detected(const ReportInput& input) { return !tested_sets(input).empty(); }

std::string interval_of(const nlohmann::json& metrics) {
  const double low = number_at(metrics, "auc_low"), high = number_at(metrics, "auc_high");
  return std::isfinite(low) && std::isfinite(high) ? number(low) + " to " + number(high) : "";
}

std::string detector_in_words(const ReportInput& input) {
  const auto sets = tested_sets(input);
  std::string found;
  for (const auto& set : sets) {
    const auto metrics = set.all();
    if (!std::isfinite(number_at(metrics, "auc"))) { continue; }
    found += (found.empty() ? "" : ", ") + auc_in_words(metrics) + (sets.size() > 1 ? " on " + escape(set.name) : "");
  }
  if (found.empty()) {
    return "A detector of manipulated faces. How well it tells fakes from real videos cannot be said of the videos that it scored.";
  }
  return "A detector of manipulated faces. Its AUC, the chance that a fake video scores higher than a real one, is " +
         found + "; 0.5 is a coin toss and 1 is perfect.";
}

}  // namespace realface::stages::report::html
