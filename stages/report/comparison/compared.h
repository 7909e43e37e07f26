#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "stages/report/detection.h"
#include "stages/scores/scores_file.h"

/// Pieces of the page about several detectors. Internal to it.
namespace realface::stages::report::html {

/// A detector on the page.
struct Compared {
  std::string letter;
  const ReportInput* run = nullptr;
  std::vector<TestedSet> sets;
  Scores scores;  // of all of its sets, by their names

  const TestedSet* set(const std::string& name) const {
    const auto found = std::ranges::find(sets, name, &TestedSet::name);
    return found == sets.end() ? nullptr : &*found;
  }
  std::string name() const { return letter + ": " + run->run; }
};

/// The detectors, a row each.
std::string table_of_runs(const std::vector<Compared>& runs);

/// On one set of videos: the AUC by manipulation, then all figures, and those of masks, over all of its videos.
std::string auc_table(const std::vector<Compared>& runs, const std::string& set);
std::string figures_table(const std::vector<Compared>& runs, const std::string& set);

/// DeLong's test of one detector against the first, in every set that both have.
std::string difference_table(const Compared& first, const Compared& other);

}  // namespace realface::stages::report::html
