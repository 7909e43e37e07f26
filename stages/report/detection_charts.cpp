#include <algorithm>
#include <cmath>

#include "stages/report/charts.h"
#include "stages/report/detection.h"
#include "stages/report/html.h"
#include "stages/scores/missing.h"

namespace realface::stages::report::html {
namespace {

constexpr size_t kBins = 20;

/// Shares of the scores of one class by bin; zeros for no scores.
std::vector<double> shares_of(const TestedSet& set, int label) {
  std::vector<double> shares(kBins);
  double total = 0;
  for (const auto* video : set.videos) {
    if (video->label != label) { continue; }
    const double place = std::clamp(video->p_fake, 0.0, 1.0) * static_cast<double>(kBins);
    shares[std::min(kBins - 1, static_cast<size_t>(place))] += 1;
    ++total;
  }
  for (auto& share : shares) { share /= std::max(1.0, total); }
  return shares;
}

bool has(const TestedSet& set, int label) {
  return std::ranges::any_of(set.videos, [&](const VideoScore* video) { return video->label == label; });
}

}  // namespace

std::string score_histogram(const TestedSet& set) {
  charts::MirrorChart chart{"Scores of " + set.name, "score",           "real videos",
                            "fake videos",           shares_of(set, 0), shares_of(set, 1)};
  const auto drawn = charts::draw(chart);
  if (drawn.empty()) { return ""; }
  double common = 0;
  for (size_t i = 0; i < kBins; ++i) { common += std::min(chart.above[i], chart.below[i]); }
  return "<h3>Scores of real and fake videos</h3>\n" + drawn +
         element(
             "p", "caption",
             "Shares of the videos of each class by score, in " + count(kBins) + " steps." +
                 (has(set, 0) && has(set, 1) ? " The two overlap in <strong>" + percent(common) +
                                                   "</strong> of their area: 0 % is a clean cut, 100 % no difference."
                                             : " There is one class only, so nothing to compare."));
}

std::string similarity_charts(const TestedSet& set) {
  const auto found = set.figures.find("similarity");
  if (found == set.figures.end() || !found->is_object()) { return ""; }
  std::string drawn;
  const auto add = [&](const char* key, const std::string& faces) {
    const auto one = found->find(key);
    if (one == found->end() || !one->is_object()) { return; }
    drawn += charts::draw(charts::MirrorChart{"Similarity of " + faces + " faces of " + set.name, "similarity",
                                              "real videos", "fake videos", one->at("real").get<std::vector<double>>(),
                                              one->at("fake").get<std::vector<double>>()});
    drawn += element("p", "caption",
                     "How like its original a video's " + faces +
                         " face is, from 0 for the farthest of these videos to "
                         "1 for the nearest. Real and fake overlap in <strong>" +
                         percent(number_at(*one, "overlap")) + "</strong> of their area.");
  };
  add("before", "restored");
  add("after", "mapped");
  return drawn.empty() ? "" : "<h3>Likeness to the original, before and after mapping</h3>\n" + drawn;
}

}  // namespace realface::stages::report::html
