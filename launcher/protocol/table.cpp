#include "launcher/protocol/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>

#include "configs/run_folder.h"
#include "configs/tested.h"
#include "stages/scores/results.h"
#include "stages/scores/text_table.h"

namespace realface::launcher {
namespace {

using Columns = std::vector<std::string>;

/// Are the first entries of the cell finished?
bool are_finished(const PlannedCell& planned, size_t count) {
  return std::ranges::all_of(std::span(planned.entries).first(count),
                             [](const auto& entry) { return configs::is_finished(entry.config); });
}

/// Adds the lines of one entry of `stage: evaluate`, of which each cell has its own.
void add_entry(const Plan& plan, size_t index, ProtocolTable& table) {
  stages::CellScores scores;
  for (const auto& planned : plan.cells) {
    const auto& evaluation = planned.entries[index].config;
    if (!are_finished(planned, index + 1)) { continue; }  // scores of what is to be trained on would be old ones
    const std::filesystem::path folder(evaluation.run.dir);
    scores[{planned.cell.seed, planned.cell.name}] = stages::read_scores(folder / stages::kScoresFile);
    for (const auto& set : stages::oracle_sets(folder)) { table.oracles.insert({evaluation.name, set}); }
  }
  const auto& evaluation = plan.cells.front().entries[index].config;
  const auto lines =
      stages::table_lines(evaluation.name, configs::tests_of(plan.protocol, evaluation), plan.protocol.seeds, scores);
  table.lines.insert(table.lines.end(), lines.begin(), lines.end());
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
  for (const auto& [entry, set] : table.oracles) {
    notes += fmt::format("{}, {}: an oracle, whose checkpoints were chosen by these very videos\n", entry, set);
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
    if (are_finished(planned, planned.entries.size())) { continue; }
    table.unfinished.push_back(planned.cell.folder(plan.protocol));
  }
  return table;
}

nlohmann::json table_json(const Plan& plan, const ProtocolTable& table) {
  const auto& protocol = plan.protocol;
  auto lines = nlohmann::json::array(), oracles = nlohmann::json::array();
  for (const auto& line : table.lines) { lines.push_back(stages::line_json(line)); }
  for (const auto& [entry, set] : table.oracles) { oracles.push_back({{"entry", entry}, {"set", set}}); }
  return {{"protocol", protocol.kind},      {"system", protocol.system},   {"seeds", protocol.seeds},
          {"methods", protocol.methods},    {"run_dir", protocol.run_dir}, {"lines", lines},
          {"unfinished", table.unfinished}, {"oracles", oracles}};
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
