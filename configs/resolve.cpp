#include "configs/resolve.h"

#include <algorithm>

#include "configs/fields.h"
#include "configs/reader.h"
#include "configs/references.h"

namespace realface::configs {
namespace {

/// The kind that the file names; of an unknown one the reader says so, against the keys of the default.
const stages::Kind& kind_of(const Leaves& leaves) {
  const auto kinds = stages::kinds();
  const auto stage = leaves.find("stage");
  if (stage == leaves.end()) { return kinds.front(); }
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return stage->second.text == kind.name; });
  return found == kinds.end() ? kinds.front() : *found;
}

void check_required(const Config& config, const std::string& file, Faults& faults) {
  if (config.run.dir.empty()) {
    faults.add(file, "run.dir is not set; add run.dir=FOLDER, where checkpoints and metrics go");
  }
  if (config.data.shards.empty() && config.data.sets.empty()) {
    faults.add(file, "data.shards is not set; add data.shards=FOLDER, made by `realface preprocess`");
  }
}

}  // namespace

Resolved resolve(const Source& source, Completeness completeness, Faults& faults) {
  Resolved resolved{defaults(kind_of(source.leaves)), {}};
  auto& config = resolved.config;
  Reader reader(source.leaves, faults);
  fields(reader, config);
  for (const auto& [key, leaf] : source.leaves) {
    if (reader.knows(key)) {
      resolved.used.insert(key);
    } else if (!source.shared.contains(key)) {
      reader.unknown(key, leaf);
    }
  }
  const auto origins = origins_of(source.leaves);
  Checker checker(origins, faults);
  config.recipe->check(checker);
  if (!source.entry.empty()) { config.name = source.entry; }
  if (completeness == Completeness::for_a_run) {
    check_required(config, source.file, faults);
    resolve_references(config, source.entries, source.leaves, faults);
  }
  if (source.in_system && !config.run.dir.empty()) { config.run.dir += "/" + config.name; }
  return resolved;
}

}  // namespace realface::configs
