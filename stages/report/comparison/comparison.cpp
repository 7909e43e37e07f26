#include "stages/report/comparison/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "stages/report/comparison/compared.h"
#include "stages/report/html.h"

namespace realface::stages::report {
namespace html {
namespace {

Compared compared(const ReportInput& run, size_t number) {
  Compared one{std::string(1, static_cast<char>('A' + number)), &run, tested_sets(run), {}};
  for (const auto& set : one.sets) {
    for (const auto* video : set.videos) {
      one.scores.videos.push_back(*video);
      one.scores.videos.back().set = set.name;
    }
  }
  if (one.scores.videos.empty()) {
    throw DataError(fmt::format(
        "[{}] holds no scores of an evaluation; expected the run folder of an evaluation or of a system with one; "
        "evaluate it first, or leave it out",
        run.run));
  }
  return one;
}

/// In the order in which the runs have them.
std::vector<std::string> set_names(const std::vector<Compared>& runs) {
  std::vector<std::string> names;
  for (const auto& run : runs) {
    for (const auto& set : run.sets) {
      if (std::ranges::find(names, set.name) == names.end()) { names.push_back(set.name); }
    }
  }
  return names;
}

std::string curves(const std::vector<Compared>& runs, const std::string& name) {
  std::vector<NamedSet> named;
  for (size_t i = 0; i < runs.size(); ++i) {
    if (const auto* set = runs[i].set(name)) { named.push_back({runs[i].name(), i, set}); }
  }
  return compared_curves(name, named);
}

std::string sections_by_set(const std::vector<Compared>& runs) {
  std::string sections;
  size_t number_of = 0;
  for (const auto& set : set_names(runs)) {
    sections += section("set-" + std::to_string(++number_of), "On the videos of " + escape(set),
                        auc_table(runs, set) + figures_table(runs, set) + curves(runs, set));
  }
  return sections;
}

std::string differences(const std::vector<Compared>& runs) {
  std::string tests = paragraph(
      "DeLong's test for paired curves, on the videos that both score. p is the chance of a difference at least this large if the two were "
      "equally good; it says nothing of other videos, other seeds, or how large a difference matters.");
  for (size_t i = 1; i < runs.size(); ++i) { tests += difference_table(runs.front(), runs[i]); }
  return section("differences", "Do they differ?", tests);
}

}  // namespace
}  // namespace html

std::string render_comparison(const std::vector<ReportInput>& inputs) {
  std::vector<html::Compared> runs;
  std::string title;
  for (const auto& input : inputs) {
    runs.push_back(html::compared(input, runs.size()));
    title += (title.empty() ? "realface: " : " and ") + input.run;
  }
  return html::document(title, html::element("p", "lead", "Detectors of manipulated faces, side by side.") +
                                   html::section("runs", "What is compared", html::table_of_runs(runs)) +
                                   html::sections_by_set(runs) + html::differences(runs));
}

}  // namespace realface::stages::report
