#include "configs/leaves.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::configs {
namespace {

// No configuration comes near these. Through its aliases a short file can unfold to any size, or without end.
constexpr size_t kMostLevels = 16;
constexpr size_t kMostValues = 10'000;
constexpr size_t kMostCharacters = 1'000'000;

/// A file that is not unfolded to its end.
struct Endless {
  std::string origin, text;
};

/// Counts what a file unfolds to.
class Budget {
 public:
  void spend(size_t characters, const std::string& where) {
    values_ += 1;
    characters_ += characters;
    if (values_ <= kMostValues && characters_ <= kMostCharacters) { return; }
    throw Endless{where, fmt::format("the file unfolds to more than {} values or {} characters by here; expected far "
                                     "fewer: an alias (*name) counts as all that its anchor (&name) holds",
                                     kMostValues, kMostCharacters)};
  }

 private:
  size_t values_ = 0, characters_ = 0;
};

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
    map(root, "", document_.leaves);
  }

 private:
  std::string origin(const YAML::Node& node) const {
    const auto mark = node.Mark();
    return mark.is_null() ? path_ : path_ + ":" + std::to_string(mark.line + 1);
  }

  /// Refuses a map within itself, and maps too deep to be keys.
  void check_level(const YAML::Node& node, const std::string& key, const std::string& where) const {
    if (std::any_of(above_.begin(), above_.end(), [&](const auto& outer) { return outer.is(node); })) {
      throw Endless{where, fmt::format("'{}' is an alias of a group that holds it; give its keys instead", key)};
    }
    if (above_.size() >= kMostLevels) {
      throw Endless{where, fmt::format("'{}' is more than {} levels deep; expected fewer", key, kMostLevels)};
    }
  }

  void map(const YAML::Node& node, const std::string& prefix, Leaves& leaves) {
    above_.push_back(node);
    for (const auto& item : node) {
      if (!item.first.IsScalar()) {
        faults_.add(origin(item.first), "a key must be a word");
        continue;
      }
      value(item.second, prefix + item.first.Scalar(), origin(item.first), leaves);
    }
    above_.pop_back();
  }

  void value(const YAML::Node& node, const std::string& key, const std::string& where, Leaves& leaves) {
    budget_.spend(key.size() + (node.IsScalar() ? node.Scalar().size() : 0), where);
    if (node.IsMap()) {
      check_level(node, key, where);
      map(node, key + ".", leaves);
    } else if (node.IsSequence() && key == "run" && &leaves == &document_.leaves) {
      document_.has_entries = true;
      for (const auto& item : node) { entry(item); }
    } else if (node.IsSequence()) {
      add(list(node, key, where), key, leaves);
    } else if (node.IsNull()) {
      faults_.add(where, "'" + key + "' has no value; give one or remove the line");
    } else {
      add({node.Scalar(), where, false, {}}, key, leaves);
    }
  }

  Leaf list(const YAML::Node& node, const std::string& key, const std::string& where) {
    Leaf leaf{"", where, true, {}};
    for (const auto& item : node) {
      if (!item.IsScalar()) {
        faults_.add(where, "'" + key + "' is a list of more than words; expected one value, or a list of values");
        break;
      }
      budget_.spend(item.Scalar().size(), where);
      leaf.items.push_back(item.Scalar());
      leaf.text += (leaf.text.empty() ? "" : ", ") + item.Scalar();
    }
    leaf.text = "[" + leaf.text + "]";
    return leaf;
  }

  void add(Leaf leaf, const std::string& key, Leaves& leaves) {
    const auto where = leaf.origin;
    if (!leaves.emplace(key, std::move(leaf)).second) {
      faults_.add(where, "'" + key + "' is given twice, first at " + leaves.at(key).origin);
    }
  }

  void entry(const YAML::Node& node) {
    SystemEntry entry;
    entry.origin = origin(node);
    budget_.spend(0, entry.origin);
    if (node.IsScalar()) {
      entry.file = node.Scalar();
    } else if (node.IsMap()) {
      map(node, "", entry.leaves);
      entry.name = take(entry.leaves, "name");
      entry.file = take(entry.leaves, "file");
    }
    if (entry.file.empty()) {
      faults_.add(entry.origin, "an entry of `run` names no file; expected FILE, or {name: NAME, file: FILE}");
    }
    document_.entries.push_back(std::move(entry));
  }

  static std::string take(Leaves& leaves, const std::string& key) {
    const auto found = leaves.find(key);
    if (found == leaves.end()) { return ""; }
    const auto text = found->second.text;
    leaves.erase(found);
    return text;
  }

  std::string path_;
  Document& document_;
  Faults& faults_;
  Budget budget_;
  std::vector<YAML::Node> above_;  // the maps around this place
};

}  // namespace

Origins origins_of(const Leaves& leaves) {
  Origins origins;
  for (const auto& [key, leaf] : leaves) { origins[key] = leaf.origin; }
  return origins;
}

Document read_document(const std::string& path, Faults& faults) {
  Document document;
  try {
    Flattener(path, document, faults).top(YAML::Load(read_file(path)));
  } catch (const YAML::Exception& error) {
    faults.add(error.mark.is_null() ? path : path + ":" + std::to_string(error.mark.line + 1),
               "not valid YAML: " + error.msg);
  } catch (const Endless& endless) {
    document = {};  // faults of a part would only hide this one
    faults.add(endless.origin, endless.text);
  } catch (const Error& error) { faults.add(path, error.what()); }
  return document;
}

void apply_overrides(Leaves& leaves, const std::vector<std::string>& overrides, Faults& faults) {
  for (const auto& argument : overrides) {
    const auto equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
      faults.add("'" + argument + "'", "expected key=value, for example train.steps=1000");
    } else {
      leaves[argument.substr(0, equals)] = {argument.substr(equals + 1), argument, false, {}};
    }
  }
}

}  // namespace realface::configs
