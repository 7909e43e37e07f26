#include "stages/detect/verdict.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "stages/scores/missing.h"

namespace realface::stages {
namespace {

/// Of two spans, one after the other.
Span joined(const Span& a, const Span& b) {
  Span both = a;
  both.frames = a.frames + b.frames;
  both.p_fake = (a.p_fake * static_cast<double>(a.frames) + b.p_fake * static_cast<double>(b.frames)) /
                static_cast<double>(both.frames);
  return both;
}

nlohmann::json to_json(const Timeline& timeline) {
  auto json = nlohmann::json::array();
  for (const auto& span : timeline.spans()) {
    json.push_back({{"frame", span.frame},
                    {"s", span.seconds},
                    {"p_fake", span.p_fake},
                    {"box", span.box},
                    {"frames", span.frames}});
  }
  return json;
}

nlohmann::json to_json(int64_t number, const PersonVerdict& person, const Calibration& calibration,
                       const std::vector<std::string>& branches) {
  const double p = calibration.p_fake(person.score());
  nlohmann::json json = {{"person", number},        {"p_fake", p},
                         {"frames", person.frames}, {"from_s", person.timeline.spans().front().seconds},
                         {"to_s", person.last},     {"timeline", to_json(person.timeline)}};
  if (calibration.known) { json["verdict"] = calibration.verdict(p); }
  for (size_t i = 0; i < branches.size(); ++i) {
    json["p_" + branches[i]] = person.sums[i] / static_cast<double>(person.frames);
  }
  return json;
}

}  // namespace

void Timeline::add(const Span& frame) {
  if (!spans_.empty() && spans_.back().frames < length_) {
    spans_.back() = joined(spans_.back(), frame);
    return;
  }
  if (spans_.size() >= most_) {
    for (size_t i = 0; i + 1 < spans_.size(); i += 2) { spans_[i / 2] = joined(spans_[i], spans_[i + 1]); }
    spans_.resize(spans_.size() / 2);
    length_ *= 2;
  }
  spans_.push_back(frame);
}

double PersonVerdict::score() const {
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(frames) /
         static_cast<double>(sums.size());
}

void PersonVerdict::add(Span frame, const torch::Tensor& scores) {
  frame.p_fake = scores.mean().item<double>();
  timeline.add(frame);
  ++frames;
  last = frame.seconds;
  sums.resize(static_cast<size_t>(scores.size(0)));
  for (size_t i = 0; i < sums.size(); ++i) { sums[i] += scores[static_cast<int64_t>(i)].item<double>(); }
}

std::string VerdictRule::text() const { return over_people + " over people of the mean over frames"; }

double FileVerdict::p_fake(const VerdictRule& rule) const {
  int64_t longest = 0;
  for (const auto& [number, person] : people) { longest = std::max(longest, person.frames); }
  std::vector<double> scores;
  for (const auto& [number, person] : people) {
    if (person.frames < std::min(rule.shortest, longest)) { continue; }
    scores.push_back(rule.calibration.p_fake(person.score()));
  }
  if (scores.empty()) { return kNaN; }
  if (rule.over_people == "max") { return *std::ranges::max_element(scores); }
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

nlohmann::json to_json(const FileVerdict& verdict, const VerdictRule& rule, const std::vector<std::string>& branches) {
  std::vector<nlohmann::json> people;
  for (const auto& [number, person] : verdict.people) {
    people.push_back(to_json(number, person, rule.calibration, branches));
  }
  std::ranges::stable_sort(people, std::greater<>(),
                           [](const nlohmann::json& one) { return one["p_fake"].get<double>(); });
  const double p = verdict.p_fake(rule);
  nlohmann::json json = {{"file", verdict.file}, {"status", verdict.status}, {"p_fake", number_or_null(p)},
                         {"rule", rule.text()},  {"frames", verdict.frames}, {"people", people}};
  if (rule.calibration.known && !std::isnan(p)) { json["verdict"] = rule.calibration.verdict(p); }
  if (!verdict.why.empty()) { json["why"] = verdict.why; }
  return json;
}

}  // namespace realface::stages
