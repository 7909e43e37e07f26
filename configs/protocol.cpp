#include "configs/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/settings.h"
#include "base/values.h"
#include "configs/leaves.h"
#include "configs/reader.h"

namespace realface::configs {
namespace {

/// As written; `seeds` are read from text.
void fields(Visitor& v, Protocol& protocol, std::vector<std::string>& seeds) {
  v.field("protocol", protocol.kind, {"intra-dataset", "cross-dataset", "cross-manipulation", "leave-one-out"});
  v.field("system", protocol.system, {});
  v.field("seeds", seeds);
  v.field("methods", protocol.methods);
  group(v, "run", [&] { v.field("dir", protocol.run_dir, {}); });
}

/// The file's leaves with those of the command line.
Leaves leaves_of(const Arguments& arguments, Faults& faults) {
  auto document = read_document(arguments.file, faults);
  auto& leaves = document.leaves;
  if (document.has_entries) {
    faults.add(arguments.file, "this file lists stages; expected `protocol:`, and that file's name as `system:`");
  }
  if (const auto system = leaves.find("system"); system != leaves.end()) {
    const auto folder = std::filesystem::path(arguments.file).parent_path();
    system->second.text = (folder / system->second.text).lexically_normal().string();
  }
  apply_overrides(leaves, arguments.overrides, faults);
  return leaves;
}

/// Names what comes twice: both cells would share a run folder.
template <class Value>
void refuse_twice(const std::string& key, const std::vector<Value>& values, const std::string& origin, Faults& faults) {
  std::set<Value> seen;
  for (const auto& value : values) {
    if (seen.insert(value).second) { continue; }
    faults.add(origin,
               fmt::format("{} names {} twice, and both trainings would share a run folder; name it once", key, value));
  }
}

class ProtocolCheck {
 public:
  ProtocolCheck(const Protocol& protocol, const Leaves& leaves, const std::string& file, Faults& faults)
      : protocol_(protocol), leaves_(leaves), file_(file), faults_(faults) {}

  void check() {
    require(!protocol_.kind.empty(), "protocol", "add protocol: leave-one-out, for example");
    require(!protocol_.system.empty(), "system", "add system: FILE, as `realface run` takes it");
    require(!protocol_.seeds.empty(), "seeds", "add seeds: [1, 2, 3]");
    require(!protocol_.run_dir.empty(), "run.dir", "add run.dir=FOLDER, where every training gets a run folder");
    if (leaves_.contains("seed")) {
      faults_.add(origin("seed"), "seed is given, but a protocol trains with each of seeds; remove it");
    }
    if (protocol_.per_method() && protocol_.methods.size() < 2) {
      faults_.add(origin("methods"),
                  fmt::format("methods has {} names; {} needs two at least", protocol_.methods.size(), protocol_.kind));
    }
    refuse_twice("seeds", protocol_.seeds, origin("seeds"), faults_);
    refuse_twice("methods", protocol_.methods, origin("methods"), faults_);
    check_names();
  }

 private:
  std::string origin(const std::string& key) const {
    const auto leaf = leaves_.find(key);
    return leaf == leaves_.end() ? file_ : leaf->second.origin;
  }
  void require(bool given, const std::string& key, const std::string& advice) {
    if (!given) { faults_.add(origin(key), key + " is not set; " + advice); }
  }
  /// They become folders, and lists on a command line.
  void check_names() {
    for (const auto& method : protocol_.methods) {
      const bool taken = method == kSharedCell;  // also where a method has no folder of its own: one rule for all
      if (!taken && !method.empty() && method.find_first_of("/[],=") == std::string::npos && method[0] != '.') {
        continue;
      }
      faults_.add(origin("methods"), fmt::format("the method '{}' cannot be the name of a run folder{}", method,
                                                 taken ? ": it is that of what trainings share" : ""));
    }
  }

  const Protocol& protocol_;
  const Leaves& leaves_;
  std::string file_;
  Faults& faults_;
};

void read_seeds(const std::vector<std::string>& texts, const Leaves& leaves, Protocol& protocol, Faults& faults) {
  for (const auto& text : texts) {
    if (const auto seed = parse_seed(text)) {
      protocol.seeds.push_back(*seed);
    } else {
      faults.add(leaves.at("seeds").origin,
                 fmt::format("seeds holds '{}'; expected whole numbers of at least 0", text));
    }
  }
}

}  // namespace

std::string Cell::folder(const Protocol& protocol) const {
  return (std::filesystem::path(protocol.run_dir) / std::to_string(seed) / name).string();
}

Protocol load_protocol(const Arguments& arguments) {
  Faults faults;
  const auto leaves = leaves_of(arguments, faults);
  Protocol protocol;
  std::vector<std::string> seeds;
  Reader reader(leaves, faults);
  fields(reader, protocol, seeds);
  read_seeds(seeds, leaves, protocol, faults);
  for (const auto& [key, leaf] : leaves) {
    if (!reader.knows(key)) { protocol.overrides.push_back(key + "=" + leaf.text); }
  }
  faults.raise();
  ProtocolCheck(protocol, leaves, arguments.file, faults).check();
  faults.raise();
  return protocol;
}

std::vector<Cell> cells_of(const Protocol& protocol) {
  std::vector<Cell> cells;
  for (const uint64_t seed : protocol.seeds) {
    if (!protocol.per_method()) {
      cells.push_back({seed, kWholeCell, protocol.methods});
      continue;
    }
    for (const auto& method : protocol.methods) {
      Cell cell{seed, method, {method}};
      if (protocol.kind == "leave-one-out") {
        cell.trained_on = protocol.methods;
        std::erase(cell.trained_on, method);
      }
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace realface::configs
