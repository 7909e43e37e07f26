#include "configs/leaves.h"

#include <yaml-cpp/yaml.h>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::configs {
namespace {

class Flattener {
 public:
  Flattener(std::string path, Document& document, Faults& faults)
      : path_(std::move(path)), document_(document), faults_(faults) {}

  void top(const YAML::Node& root) {
    if (root.IsNull()) {
      return;  // an empty file: all defaults
    }
    if (!root.IsMap()) {
      faults_.add(origin(root), "the file is not a list of `key: value` lines");
      return;
    }
    map(root, "");
  }

 private:
  std::string origin(const YAML::Node& node) const {
    const auto mark = node.Mark();
    return mark.is_null() ? path_ : path_ + ":" + std::to_string(mark.line + 1);
  }

  void map(const YAML::Node& node, const std::string& prefix) {
    for (const auto& item : node) {
      if (!item.first.IsScalar()) {
        faults_.add(origin(item.first), "a key must be a word");
        continue;
      }
      value(item.second, prefix + item.first.Scalar(), origin(item.first));
    }
  }

  void value(const YAML::Node& node, const std::string& key, const std::string& where) {
    if (node.IsMap()) {
      map(node, key + ".");
    } else if (node.IsSequence() && key == "run") {
      document_.has_entries = true;
      for (const auto& entry : node) { document_.entries.push_back({entry.as<std::string>(""), origin(entry)}); }
    } else if (node.IsSequence()) {
      faults_.add(where, "'" + key + "' is a list; expected one value");
    } else if (node.IsNull()) {
      faults_.add(where, "'" + key + "' has no value; give one or remove the line");
    } else if (!document_.leaves.emplace(key, Leaf{node.Scalar(), where}).second) {
      faults_.add(where, "'" + key + "' is given twice, first at " + document_.leaves.at(key).origin);
    }
  }

  std::string path_;
  Document& document_;
  Faults& faults_;
};

}  // namespace

void Faults::add(const std::string& origin, const std::string& text) { lines_.push_back(origin + ": " + text); }

void Faults::raise() const {
  if (lines_.empty()) { return; }
  if (lines_.size() == 1) { throw ConfigError("[config] " + lines_.front()); }
  std::string message = "[config] " + std::to_string(lines_.size()) + " faults:";
  for (const auto& line : lines_) { message += "\n  " + line; }
  throw ConfigError(message);
}

Document read_document(const std::string& path, Faults& faults) {
  Document document;
  try {
    Flattener(path, document, faults).top(YAML::Load(read_file(path)));
  } catch (const YAML::Exception& error) {
    faults.add(error.mark.is_null() ? path : path + ":" + std::to_string(error.mark.line + 1),
               "not valid YAML: " + error.msg);
  } catch (const Error& error) { faults.add(path, error.what()); }
  return document;
}

void apply_overrides(Leaves& leaves, const std::vector<std::string>& overrides, Faults& faults) {
  for (const auto& argument : overrides) {
    const auto equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
      faults.add("'" + argument + "'", "expected key=value, for example train.steps=1000");
    } else {
      leaves[argument.substr(0, equals)] = {argument.substr(equals + 1), argument};
    }
  }
}

}  // namespace realface::configs
