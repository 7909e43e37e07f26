#include "stages/report/comparison/compared.h"

#include <fmt/format.h>

#include <cmath>

#include "stages/report/html.h"
#include "stages/scores/compare.h"
#include "stages/scores/missing.h"

namespace realface::stages::report::html {
namespace {

std::string fact(const RunPart& part, const std::string& label) {
  const auto found = std::ranges::find(part.provenance, label, &std::pair<std::string, std::string>::first);
  return found == part.provenance.end() ? "not known" : escape(found->second);
}

/// By manipulation, and of "all"; null without.
nlohmann::json metrics_of(const TestedSet* set) {
  return set == nullptr ? nlohmann::json() : member(set->figures, "video");
}

std::vector<std::string> methods_of(const std::vector<Compared>& runs, const std::string& set) {
  std::vector<std::string> methods;
  for (const auto& run : runs) {
    const auto found = metrics_of(run.set(set));
    for (const auto& [method, metrics] : found.items()) {
      if (method != "all" && std::ranges::find(methods, method) == methods.end()) { methods.push_back(method); }
    }
  }
  methods.emplace_back("all");
  return methods;
}

/// What a reader must know before believing a difference: sets that only one has, and checkpoints that were chosen by
/// the very videos.
std::string caveats(const Compared& first, const Compared& other, const Comparison& result) {
  std::string notes;
  for (const auto& set : result.sets_only_a) {
    notes += element("li", "", escape(set) + ": only " + first.letter + " has it");
  }
  for (const auto& set : result.sets_only_b) {
    notes += element("li", "", escape(set) + ": only " + other.letter + " has it");
  }
  for (const auto* run : {&first, &other}) {
    for (const auto& set : run->sets) {
      if (!is_oracle(set)) { continue; }
      notes += element(
          "li", "",
          escape(set.name) + ": an oracle for " + run->letter + ", whose checkpoints were chosen by these very videos");
    }
  }
  return notes;
}

std::string signed_number(double value) { return std::isnan(value) ? "not known" : fmt::format("{:+.4f}", value); }

}  // namespace

std::string table_of_runs(const std::vector<Compared>& runs) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& run : runs) {
    const auto& part = *run.sets.front().part;
    std::string branches;
    for (const auto& branch : part.scores ? part.scores->branches : std::vector<std::string>()) {
      branches += (branches.empty() ? "" : ", ") + escape(branch);
    }
    const auto name = escape(run.run->run) + (part.finished ? "" : " (not finished)");
    rows.push_back({run.letter, name, branches, fact(part, "seed"), fact(part, "code")});
  }
  return table("Detectors on this page", {"", "run", "networks", "seed", "code"}, rows, 5);
}

std::string auc_table(const std::vector<Compared>& runs, const std::string& set) {
  std::vector<std::string> head{"manipulation"};
  for (const auto& run : runs) { head.push_back("AUC of " + run.letter); }
  std::vector<std::vector<std::string>> rows;
  for (const auto& method : methods_of(runs, set)) {
    auto& row = rows.emplace_back();
    row.push_back(method == "all" ? "all together" : escape(method));
    for (const auto& run : runs) {
      const auto metrics = member(metrics_of(run.set(set)), method);
      const auto interval = interval_of(metrics);
      const bool chosen = run.set(set) != nullptr && is_oracle(*run.set(set));
      row.push_back(number(number_at(metrics, "auc")) + (chosen ? " (oracle)" : "") +
                    (interval.empty() ? "" : "<br /><span class=\"soft\">" + interval + "</span>"));
    }
  }
  return table("AUC with its 95 % interval (DeLong's, over videos) on " + escape(set), head, rows, 1);
}

std::string figures_table(const std::vector<Compared>& runs, const std::string& set) {
  std::vector<std::vector<std::string>> rows, masks;
  for (const auto& run : runs) {
    const auto* own = run.set(set);
    if (own == nullptr) { continue; }
    rows.push_back(row_of(run.name(), own->all()));
    if (is_oracle(*own)) { rows.back().front() += " (oracle)"; }
    const auto located = member(member(own->figures, "localization"), "all");
    if (!located.is_null()) { masks.push_back(row_of_masks(run.name(), located)); }
  }
  return table("All videos of " + escape(set), figure_heads("detector"), rows, 1) +
         (masks.empty() ? "" : table("Masks of all videos of " + escape(set), mask_heads("detector"), masks, 1));
}

std::string difference_table(const Compared& first, const Compared& other) {
  const auto result = compare_scores({first.run->run, first.scores}, {other.run->run, other.scores});
  std::vector<std::vector<std::string>> rows;
  std::string notes = caveats(first, other, result);
  for (const auto& row : result.rows) {
    const std::string what = escape(row.set) + ", " + (row.method.empty() ? "all together" : escape(row.method));
    rows.push_back(
        {what, number(row.auc.auc_a), number(row.auc.auc_b), signed_number(row.auc.difference),
         std::isnan(row.auc.low) ? "not known" : signed_number(row.auc.low) + " to " + signed_number(row.auc.high),
         std::isnan(row.auc.p) ? "not known" : fmt::format("{:.3g}", row.auc.p),
         count(row.real) + " / " + count(row.fake)});
    if (!row.reason.empty()) { notes += element("li", "", what + ": " + escape(row.reason)); }
    if (row.method.empty() && row.only_a + row.only_b > 0) {
      notes += element("li", "",
                       fmt::format("{}: videos left out: {} that only {} scores, {} that only {} scores", what,
                                   row.only_a, first.letter, row.only_b, other.letter));
    }
  }
  return table("AUC of " + escape(other.name()) + " minus that of " + escape(first.name()),
               {"set, manipulation", "AUC of " + first.letter, "AUC of " + other.letter, "difference", "95 % interval",
                "p", "videos, real / fake"},
               rows, 1) +
         (notes.empty() ? "" : element("ul", "caption", notes));
}

}  // namespace realface::stages::report::html
