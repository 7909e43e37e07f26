#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/settings.h"

namespace realface::configs {

/// One value as it was written, and where: "pretrain.yaml:12", or "train.steps=5" for the command line.
struct Leaf {
  std::string text, origin;
  bool is_list = false;            // [a, b]
  std::vector<std::string> items;  // of a list
};

/// By dotted key ("train.steps").
using Leaves = std::map<std::string, Leaf>;

/// Where each of them was written.
Origins origins_of(const Leaves& leaves);

/// One entry of `run: [...]`: a file, or {name: NAME, file: FILE, key: value, ...}.
struct SystemEntry {
  std::string name, file, origin;  // name: empty if none was given
  Leaves leaves;                   // keys for this entry alone
};

/// A YAML file as leaves, and the entries of `run: [...]` if it has that list.
struct Document {
  Leaves leaves;
  std::vector<SystemEntry> entries;
  bool has_entries = false;
};

/// Reads the file; text that is no YAML, keys given twice and empty values are faults. So is a file that is too deep,
/// or that unfolds to more than any configuration needs, as one does whose aliases hold themselves or each other.
Document read_document(const std::string& path, Faults& faults);

/// Replaces leaves by the `key=value` arguments.
void apply_overrides(Leaves& leaves, const std::vector<std::string>& overrides, Faults& faults);

}  // namespace realface::configs
