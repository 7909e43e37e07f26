#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stages/report/charts.h"
#include "stages/report/page.h"

/// Pieces of the section on the detector. Internal to it.
namespace realface::stages::report::html {

/// A set of videos that an evaluation has scored. Refers to the input that it was made from.
struct TestedSet {
  const RunPart* part = nullptr;          // the evaluation
  std::string name;                       // of the set; of the entry too if there are several
  nlohmann::json figures;                 // as in results.json (stages/scores/results.h)
  std::vector<const VideoScore*> videos;  // those with a score; empty if there is no scores.csv

  /// The metrics over all of its videos; null without any.
  nlohmann::json all() const;
};

/// Of every evaluation, in order. One without results.json has the figures of the scores that are there.
std::vector<TestedSet> tested_sets(const ReportInput& input);

/// Parts of the section; each is "" if it has nothing to show.
std::string by_manipulation(const TestedSet& set);
std::string located_by_manipulation(const TestedSet& set);  // empty if nothing was located
std::string worst_mistakes(const TestedSet& set);
std::string operating_curves(const TestedSet& set);  // ROC and DET
std::string score_histogram(const TestedSet& set);
std::string similarity_charts(const TestedSet& set);

/// Of its videos' scores, with as many points as can be told apart; no points unless there are scores of both classes.
charts::Line roc_line(const TestedSet& set);

/// The 95 % interval of the AUC, as "0.880 to 0.944", or "" if there is none.
std::string interval_of(const nlohmann::json& metrics);

}  // namespace realface::stages::report::html
