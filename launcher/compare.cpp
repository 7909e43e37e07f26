#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "launcher/commands.h"
#include "stages/scores/compare.h"
#include "stages/scores/results.h"
#include "stages/scores/scores_file.h"
#include "stages/scores/text_table.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;

struct CompareOptions {
  std::string a, b;
  bool json = false;
};

using Cells = std::vector<std::string>;
constexpr size_t kNames = 2;  // of the cells, the first are names, the others numbers

/// The scores.csv that an argument means.
fs::path scores_in(const fs::path& given) {
  if (!fs::exists(given)) {
    throw Error(subject_of(given) + " does not exist; name a scores.csv or the run folder of an evaluation");
  }
  if (!fs::is_directory(given)) { return given; }
  for (const auto& path : {given / stages::kScoresFile, given / "evaluate" / stages::kScoresFile}) {
    if (fs::exists(path)) { return path; }
  }
  throw Error(subject_of(given) +
              " holds neither scores.csv nor evaluate/scores.csv; name the run folder of an evaluation");
}

stages::NamedScores read_named(const std::string& given) {
  const auto path = scores_in(given);
  return {path.string(), stages::read_scores(path)};
}

/// Sets by which a detector's checkpoints were chosen, as results.json beside the scores says.
std::vector<std::string> oracles_of(const std::string& scores, const stages::Comparison& comparison) {
  auto names = stages::oracle_sets(fs::path(scores).parent_path());
  std::erase_if(names, [&](const auto& name) {
    return std::ranges::find(comparison.rows, name, &stages::ComparedVideos::set) == comparison.rows.end();
  });
  return names;
}

/// `signed_too`: a difference, whose + is written.
std::string decimals(double value, bool signed_too = false) {
  if (std::isnan(value)) { return "-"; }
  return signed_too ? fmt::format("{:+.4f}", value) : fmt::format("{:.4f}", value);
}

Cells cells_of(const stages::ComparedVideos& row) {
  const auto& auc = row.auc;
  return {row.set,
          row.method.empty() ? "all" : row.method,
          fmt::format("{}", row.real),
          fmt::format("{}", row.fake),
          decimals(auc.auc_a),
          decimals(auc.auc_b),
          decimals(auc.difference, true),
          std::isnan(auc.low) ? "-" : decimals(auc.low, true) + " to " + decimals(auc.high, true),
          std::isnan(auc.p) ? "-" : fmt::format("{:.3g}", auc.p)};
}

/// What was left out, and why a number is missing.
std::string notes_on(const stages::Comparison& comparison) {
  std::string notes;
  for (const auto& row : comparison.rows) {
    if (!row.reason.empty()) {
      notes += fmt::format("{}, {}: {}\n", row.set, row.method.empty() ? "all" : row.method, row.reason);
    }
    if (row.method.empty() && row.only_a + row.only_b + row.neither > 0) {
      notes +=
          fmt::format("{}: videos left out: {} that only A scores, {} that only B scores, {} that neither scores\n",
                      row.set, row.only_a, row.only_b, row.neither);
    }
  }
  for (const auto& set : comparison.sets_only_a) { notes += set + ": left out, only A has this set\n"; }
  for (const auto& set : comparison.sets_only_b) { notes += set + ": left out, only B has this set\n"; }
  return notes;
}

void compare(const CompareOptions& options) {
  const auto comparison = stages::compare_scores(read_named(options.a), read_named(options.b));
  const auto oracles_a = oracles_of(comparison.a, comparison);
  const auto oracles_b = oracles_of(comparison.b, comparison);
  if (options.json) {
    auto json = stages::comparison_json(comparison);
    json["oracles"] = {{"a", oracles_a}, {"b", oracles_b}};
    std::cout << json.dump(2) << '\n';
    return;
  }
  std::vector<Cells> rows = {{"set", "videos", "real", "fake", "AUC of A", "AUC of B", "B - A", "95 % interval", "p"}};
  for (const auto& row : comparison.rows) { rows.push_back(cells_of(row)); }
  std::cout << "A: " << comparison.a << "\nB: " << comparison.b << "\n\n"
            << stages::text_table(rows, kNames) << notes_on(comparison);
  for (const auto& [who, sets] : {std::pair('A', oracles_a), std::pair('B', oracles_b)}) {
    for (const auto& set : sets) {
      std::cout << set << ": an oracle for " << who << ", whose checkpoints were chosen by these very videos\n";
    }
  }
}

}  // namespace

void add_compare(CLI::App& app) {
  auto options = std::make_shared<CompareOptions>();
  auto* command = app.add_subcommand("compare", "Test whether two detectors differ on the videos that both scored");
  command->add_option("A", options->a, "A scores.csv, or the run folder of an evaluation or of its system")->required();
  command->add_option("B", options->b, "The other")->required();
  command->add_flag("--json", options->json, "Print one JSON object instead of text");
  command->callback([options] { compare(*options); });
}

}  // namespace realface::launcher
