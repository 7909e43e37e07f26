#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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

/// What stands under `key`; null without, or if there is no object.
nlohmann::json member(const nlohmann::json& object, const std::string& key);

/// Did the set help to choose the detector?
bool is_oracle(const TestedSet& set);

/// Of every evaluation, in order. One without results.json has the figures of the scores that are there.
std::vector<TestedSet> tested_sets(const ReportInput& input);

/// Parts of the section; each is "" if it has nothing to show.
std::string by_manipulation(const TestedSet& set);
std::string located_by_manipulation(const TestedSet& set);  // empty if nothing was located
std::string worst_mistakes(const TestedSet& set);
std::string operating_curves(const TestedSet& set);  // ROC and DET
std::string score_histogram(const TestedSet& set);
std::string similarity_charts(const TestedSet& set);

/// A set by the name and the number, from 0 on, that its detector has on the page.
struct NamedSet {
  std::string name;
  size_t number = 0;
  const TestedSet* set = nullptr;
};

/// ROC and DET curves of several detectors on one set, each drawn in its own way; those without scores of both classes
/// are left out.
std::string compared_curves(const std::string& set, const std::vector<NamedSet>& detectors);

/// Heads and rows of the tables of figures and of masks; `what` is the first column's.
std::vector<std::string> figure_heads(const std::string& what);
std::vector<std::string> row_of(const std::string& name, const nlohmann::json& metrics);
std::vector<std::string> mask_heads(const std::string& what);
std::vector<std::string> row_of_masks(const std::string& name, const nlohmann::json& found);

/// The 95 % interval of the AUC, as "0.880 to 0.944", or "" if there is none.
std::string interval_of(const nlohmann::json& metrics);

}  // namespace realface::stages::report::html
