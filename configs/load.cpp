#include "configs/load.h"

#include "configs/fields.h"
#include "configs/leaves.h"
#include "configs/printer.h"
#include "configs/resolve.h"

namespace realface::configs {

Config load(const Arguments& arguments, Completeness completeness) {
  Faults faults;
  auto document = read_document(arguments.file, faults);
  if (document.has_entries) {
    faults.add(arguments.file, "this file lists several stages; run it with `realface run`");
    faults.raise();
  }
  apply_overrides(document.leaves, arguments.overrides, faults);
  auto resolved = resolve({arguments.file, document.leaves, {}, {}, "", false}, completeness, faults);
  faults.raise();
  return resolved.config;
}

std::vector<std::string> valid_keys(const stages::Kind& kind) {
  std::vector<std::string> keys;
  for (const auto& entry : entries(defaults(kind))) { keys.push_back(entry.key); }
  return keys;
}

}  // namespace realface::configs
