#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "launcher/protocol/plan.h"
#include "stages/protocol/table.h"

namespace realface::launcher {

struct ProtocolTable {
  std::vector<stages::TableLine> lines;
  std::vector<std::string> unfinished;                    // folders of cells
  std::set<std::pair<std::string, std::string>> oracles;  // entries, and sets by which they chose checkpoints
};

/// Of what is finished: an evaluation, and what stands before it in the system. Throws Error for scores that cannot be
/// read.
ProtocolTable read_table(const Plan& plan);

/// {"protocol", "system", "seeds", "methods", "run_dir", "lines": [line_json], "unfinished",
/// "oracles": [{"entry", "set"}]}.
nlohmann::json table_json(const Plan& plan, const ProtocolTable& table);

/// For people; what is not finished is left empty, and named below the table.
std::string table_text(const Plan& plan, const ProtocolTable& table);

}  // namespace realface::launcher
