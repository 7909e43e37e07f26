#include <algorithm>

#include "stages/report/html.h"
#include "stages/report/operating_lines.h"
#include "stages/scores/missing.h"

namespace realface::stages::report::html {
namespace {

std::string roc_chart(const TestedSet& set) {
  auto chart = roc_axes("ROC curve of " + set.name);
  chart.lines.push_back(roc_line(set));
  const auto interval = interval_of(set.all());
  return charts::draw(chart) +
         element(
             "figcaption", "caption",
             "The ROC curve: each threshold finds a share of the fakes and takes a share of the real videos for fake. The area under it is the AUC, " +
                 number(number_at(set.all(), "auc")) +
                 (interval.empty() ? "" : " with the 95 % interval " + interval + " (DeLong's, over videos)") +
                 ". The faint diagonal is a coin toss.");
}

std::string det_chart(const TestedSet& set) {
  auto chart = det_axes("DET curve of " + set.name, lowest_rate(set));
  chart.lines.push_back(det_line(set));
  return charts::draw(chart) +
         element(
             "figcaption", "caption",
             "The DET curve: the two kinds of mistakes at each threshold, lower left is better. Axes are normal deviates, so that rare mistakes have room; scores that are normally distributed give a straight line. It meets the dotted line near the EER, " +
                 percent(number_at(set.all(), "eer")) +
                 ". The faint diagonal is a coin toss; a rate of 0 is drawn at half a video, or 0.01 %.");
}

/// Of "A: name", with the end of the name, which tells folders apart.
std::string shortened(const std::string& name) {
  constexpr size_t kMost = 20, kLetter = 3;
  if (name.size() <= kMost) { return name; }
  size_t begin = name.size() - (kMost - kLetter - 1);
  while (begin < name.size() && (static_cast<unsigned char>(name[begin]) & 0xC0) == 0x80) {
    ++begin;
  }  // within a letter
  return name.substr(0, kLetter) + "…" + name.substr(begin);
}

}  // namespace

std::string compared_curves(const std::string& set, const std::vector<NamedSet>& detectors) {
  double lowest = 0.5;
  for (const auto& detector : detectors) { lowest = std::min(lowest, lowest_rate(*detector.set)); }
  auto roc = roc_axes("ROC curves on " + set), det = det_axes("DET curves on " + set, lowest);
  for (const auto& [name, number, own] : detectors) {
    for (auto& [chart, line] : {std::pair(&roc, roc_line(*own)), std::pair(&det, det_line(*own))}) {
      if (line.x.empty()) { continue; }
      chart->lines.push_back(line);
      chart->lines.back().css_class = "run" + std::to_string(number);
      chart->lines.back().label = shortened(name);
    }
  }
  return "<h3>False alarms against fakes found, and against fakes missed</h3>\n" +
         element("div", "pair", element("figure", "", charts::draw(roc)) + element("figure", "", charts::draw(det))) +
         element(
             "p", "caption",
             "ROC curves first, then DET curves (normal deviates of the rates). The faint diagonal is a coin toss; the "
             "dotted line of the DET curves is where both kinds of mistakes are as frequent (EER).");
}

std::string operating_curves(const TestedSet& set) {
  if (roc_line(set).x.empty()) { return ""; }
  return "<h3>False alarms against fakes found</h3>\n" +
         element("div", "pair", element("figure", "", roc_chart(set)) + element("figure", "", det_chart(set)));
}

}  // namespace realface::stages::report::html
