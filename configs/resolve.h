#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "configs/leaves.h"
#include "configs/load.h"

namespace realface::configs {

/// What a stage's values are resolved from.
struct Source {
  std::string file;
  Leaves leaves;                               // of the file, and what overrides it
  std::set<std::string> shared;                // of these, keys that the stage need not know
  std::map<std::string, std::string> entries;  // run folders of earlier entries, for references to weights
  std::string entry;                           // the entry's name; empty: the stage's
  bool in_system = false;                      // the run folder is run.dir/NAME
};

/// A stage's configuration, and the shared keys that it knows.
struct Resolved {
  Config config;
  std::set<std::string> used;
};

/// Reads and checks one stage's values. What is wrong is noted in faults; the result is then of no use.
Resolved resolve(const Source& source, Completeness completeness, Faults& faults);

}  // namespace realface::configs
