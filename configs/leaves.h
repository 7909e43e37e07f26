#pragma once

#include <map>
#include <string>
#include <vector>

namespace realface::configs {

/// What is wrong with a configuration, collected so that all of it can be said at once.
class Faults {
 public:
  void add(const std::string& origin, const std::string& text);
  bool empty() const { return lines_.empty(); }
  /// Throws ConfigError listing every fault, where there is one.
  void raise() const;

 private:
  std::vector<std::string> lines_;
};

/// One value as it was written, and where: "pretrain.yaml:12", or "train.steps=5" of the command line.
struct Leaf {
  std::string text, origin;
};

/// By dotted key ("train.steps").
using Leaves = std::map<std::string, Leaf>;

/// A YAML file as leaves, and the entries of `run: [...]` where it has that list.
struct Document {
  Leaves leaves;
  std::vector<Leaf> entries;
  bool has_entries = false;
};

/// Reads the file; text that is no YAML, keys given twice, lists and empty values are faults.
Document read_document(const std::string& path, Faults& faults);

/// Replaces leaves by the `key=value` arguments.
void apply_overrides(Leaves& leaves, const std::vector<std::string>& overrides, Faults& faults);

}  // namespace realface::configs
