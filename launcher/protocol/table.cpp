#include "launcher/protocol/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "configs/run_folder.h"
#include "configs/tested.h"
#include "stages/scores/results.h"
#include "stages/scores/text_table.h"

namespace realface::launcher {
namespace {

using Columns = std::vector<std::string>;

/// Adds the lines of one entry of `stage: evaluate`, of which each cell has its own.
void add_entry(const Plan& plan, size_t index, ProtocolTable& table) {
  stages::CellScores scores;
  for (const auto& planned : plan.cells) {
    const auto& evaluation = planned.entries[index].config;
    if (!configs::is_finished(evaluation)) { continue; }
    const std::filesystem::path folder(evaluation.run.dir);
    scores[{planned.cell.seed, planned.cell.name}] = stages::read_scores(folder / stages::kScoresFile);
    for (const auto& set : stages::oracle_sets(folder)) { table.oracles.insert(set); }
  }
  const auto& evaluation = plan.cells.front().entries[index].config;
  const auto lines =
      stages::table_lines(evaluation.name, configs::tests_of(plan.protocol, evaluation), plan.protocol.seeds, scores);
  table.lines.insert(table.lines.end(), lines.begin(), lines.end());
}

bool is_evaluated(const PlannedCell& planned) {
  return std::ranges::all_of(planned.entries, [](const auto& entry) {
    return entry.config.stage != "evaluate" || configs::is_finished(entry.config);
  });
}

std::string fixed(double value, int digits) { return std::isnan(value) ? "" : fmt::format("{:.{}f}", value, digits); }

/// "test, Deepfakes"; the set alone if all of it is tested; "test, mean of 4".
std::string videos_text(const stages::TableLine& line) {
  if (line.mean_of > 0) {
    return (line.test.set.empty() ? "" : line.test.set + ", ") + fmt::format("mean of {}", line.mean_of);
  }
  return line.test.method.empty() ? line.test.set : line.test.set + ", " + line.test.method;
}

Columns columns_of(const stages::TableLine& line, size_t seeds) {
  const bool counted = line.mean_of == 0 && line.real + line.fake > 0;
  return {line.score == "p_fake" ? line.entry : line.entry + ", " + line.score,
          line.test.trained_on,
          videos_text(line),
          counted ? std::to_string(line.real) : "",
          counted ? std::to_string(line.fake) : "",
          fixed(line.auc, 3),
          fixed(line.deviation, 3),
          std::isnan(line.low) ? "" : fixed(line.low, 3) + " to " + fixed(line.high, 3),
          fixed(line.eer, 3),
          fmt::format("{} of {}", line.seeds.size(), seeds)};
}

std::string notes_of(const ProtocolTable& table) {
  std::string notes;
  for (const auto& line : table.lines) {
    if (line.reason.empty()) { continue; }
    notes += fmt::format("{}, {}, {}: {}\n", line.entry, line.test.trained_on, videos_text(line), line.reason);
  }
  for (const auto& set : table.oracles) {
    notes += set + ": an oracle, whose checkpoints were chosen by these very videos\n";
  }
  for (const auto& folder : table.unfinished) { notes += "not finished: " + folder + "\n"; }
  return notes;
}

}  // namespace

ProtocolTable read_table(const Plan& plan) {
  ProtocolTable table;
  const auto& entries = plan.cells.front().entries;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].config.stage == "evaluate") { add_entry(plan, i, table); }
  }
  for (const auto& planned : plan.cells) {
    if (!is_evaluated(planned)) { table.unfinished.push_back(planned.cell.folder(plan.protocol)); }
  }
  return table;
}

nlohmann::json table_json(const Plan& plan, const ProtocolTable& table) {
  const auto& protocol = plan.protocol;
  nlohmann::json lines = nlohmann::json::array();
  for (const auto& line : table.lines) { lines.push_back(stages::line_json(line)); }
  return {{"protocol", protocol.kind},      {"system", protocol.system},   {"seeds", protocol.seeds},
          {"methods", protocol.methods},    {"run_dir", protocol.run_dir}, {"lines", lines},
          {"unfinished", table.unfinished}, {"oracles", table.oracles}};
}

std::string table_text(const Plan& plan, const ProtocolTable& table) {
  const auto& protocol = plan.protocol;
  std::vector<Columns> rows = {
      {"detector", "trained on", "tested on", "real", "fake", "AUC", "deviation", "95 % interval", "EER", "seeds"}};
  for (const auto& line : table.lines) { rows.push_back(columns_of(line, protocol.seeds.size())); }
  return fmt::format("{} of {}, seeds {}\n\n{}{}", protocol.kind, protocol.system, fmt::join(protocol.seeds, ", "),
                     stages::text_table(rows, /*names=*/3), notes_of(table));
}

}  // namespace realface::launcher
