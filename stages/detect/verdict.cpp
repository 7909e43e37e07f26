#include "stages/detect/verdict.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "stages/scores/missing.h"

namespace realface::stages {
namespace {

/// Of one branch: p_fake [T].
PersonScores whole(const Branch& branch, const torch::Tensor& faces) {
  const auto scores = branch.score(faces.unsqueeze(0));
  const auto frames = scores.frames.defined() ? scores.frames[0] : scores.videos.expand({faces.size(0)});
  return {frames.to(torch::kCPU, torch::kFloat64), scores.masks.defined() ? scores.masks[0].cpu() : torch::Tensor()};
}

PersonScores clip_by_clip(const Branch& branch, const torch::Tensor& faces) {
  const int64_t count = faces.size(0), clip = branch.clip;
  if (count < clip) {
    const auto more = faces.narrow(0, count - 1, 1).expand({clip - count, -1, -1, -1});
    return {whole(branch, at::cat({faces, more})).p_fake.narrow(0, 0, count), {}};
  }
  auto sums = at::zeros({count}, torch::kFloat64), times = at::zeros({count}, torch::kFloat64);
  for (int64_t first = 0; first < count; first += clip) {
    const int64_t begin = std::min(first, count - clip);
    sums.narrow(0, begin, clip) += whole(branch, faces.narrow(0, begin, clip)).p_fake;
    times.narrow(0, begin, clip) += 1;
  }
  return {sums / times, {}};
}

}  // namespace

PersonScores score_frames(const std::vector<Branch>& branches, const torch::Tensor& faces) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> columns;
  PersonScores all;
  for (const auto& branch : branches) {
    const auto own = branch.clip > 0 ? clip_by_clip(branch, faces) : whole(branch, faces);
    columns.push_back(own.p_fake);
    if (own.masks.defined()) { all.masks = own.masks; }
  }
  all.p_fake = at::stack(columns, 1);
  return all;
}

double PersonVerdict::p_fake() const {
  const double sum = std::accumulate(timeline.begin(), timeline.end(), 0.0,
                                     [](double before, const auto& frame) { return before + frame.p_fake; });
  return sum / static_cast<double>(timeline.size());
}

void PersonVerdict::add(FrameVerdict frame, const torch::Tensor& scores) {
  frame.p_fake = scores.mean().item<double>();
  timeline.push_back(frame);
  sums.resize(static_cast<size_t>(scores.size(0)));
  for (size_t i = 0; i < sums.size(); ++i) { sums[i] += scores[static_cast<int64_t>(i)].item<double>(); }
}

std::string VerdictRule::text() const { return over_people + " over people of the mean over frames"; }

double FileVerdict::p_fake(const VerdictRule& rule) const {
  int64_t longest = 0;
  for (const auto& [number, person] : people) {
    longest = std::max(longest, static_cast<int64_t>(person.timeline.size()));
  }
  std::vector<double> scores;
  for (const auto& [number, person] : people) {
    if (static_cast<int64_t>(person.timeline.size()) < std::min(rule.shortest, longest)) { continue; }
    scores.push_back(person.p_fake());
  }
  if (scores.empty()) { return kNaN; }
  if (rule.over_people == "max") { return *std::ranges::max_element(scores); }
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

nlohmann::json to_json(const FileVerdict& verdict, const VerdictRule& rule, const std::vector<std::string>& branches) {
  std::vector<nlohmann::json> people;
  for (const auto& [number, person] : verdict.people) {
    const auto count = static_cast<double>(person.timeline.size());
    nlohmann::json one = {{"person", number},
                          {"p_fake", person.p_fake()},
                          {"frames", person.timeline.size()},
                          {"from_s", person.timeline.front().seconds},
                          {"to_s", person.timeline.back().seconds},
                          {"timeline", nlohmann::json::array()}};
    for (size_t i = 0; i < branches.size(); ++i) { one["p_" + branches[i]] = person.sums[i] / count; }
    for (const auto& frame : person.timeline) {
      one["timeline"].push_back(
          {{"frame", frame.frame}, {"s", frame.seconds}, {"p_fake", frame.p_fake}, {"box", frame.box}});
    }
    people.push_back(std::move(one));
  }
  std::ranges::stable_sort(people, std::greater<>(),
                           [](const nlohmann::json& one) { return one["p_fake"].get<double>(); });
  const double p = verdict.p_fake(rule);
  nlohmann::json json = {{"file", verdict.file}, {"status", verdict.status}, {"p_fake", number_or_null(p)},
                         {"rule", rule.text()},  {"frames", verdict.frames}, {"people", people}};
  if (!verdict.why.empty()) { json["why"] = verdict.why; }
  return json;
}

}  // namespace realface::stages
