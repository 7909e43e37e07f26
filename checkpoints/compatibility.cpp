#include "checkpoints/compatibility.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/tensor_dtypes.h"

namespace realface::checkpoints {
namespace {

using Json = nlohmann::json;

constexpr size_t kShown = 5;

std::string path_to_key(const std::string& pointer) {
  std::string key = pointer.empty() ? pointer : pointer.substr(1);
  std::replace(key.begin(), key.end(), '/', '.');
  return key;
}

/// Leaves by dotted key; an empty list or object counts as a leaf.
std::map<std::string, std::string> leaves(const Json& json) {
  std::map<std::string, std::string> values;
  const Json flat = json.is_structured() ? json.flatten() : Json::object();
  for (const auto& [pointer, value] : flat.items()) { values[path_to_key(pointer)] = value.dump(); }
  return values;
}

std::string shape_text(const std::vector<int64_t>& shape, const std::string& dtype) {
  std::ostringstream text;
  text << dtype << '[';
  for (size_t i = 0; i < shape.size(); ++i) { text << (i == 0 ? "" : ",") << shape[i]; }
  text << ']';
  return text.str();
}

/// Compares two tables of text, one line for each key that is not the same in both; what changed comes before what is
/// only on one side.
std::vector<std::string> differences(const std::map<std::string, std::string>& saved,
                                     const std::map<std::string, std::string>& live) {
  std::vector<std::string> changed;
  std::vector<std::string> lines;
  std::set<std::string> keys;
  for (const auto& [key, value] : saved) { keys.insert(key); }
  for (const auto& [key, value] : live) { keys.insert(key); }
  for (const auto& key : keys) {
    const auto a = saved.find(key);
    const auto b = live.find(key);
    if (a == saved.end()) {
      lines.push_back(key + ": " + b->second + " in this run, absent in the checkpoint");
    } else if (b == live.end()) {
      lines.push_back(key + ": " + a->second + " in the checkpoint, absent in this run");
    } else if (a->second != b->second) {
      changed.push_back(key + ": " + a->second + " in the checkpoint, " + b->second + " in this run");
    }
  }
  changed.insert(changed.end(), lines.begin(), lines.end());
  return changed;
}

std::string first_few(const std::vector<std::string>& lines) {
  std::string text;
  for (size_t i = 0; i < std::min(lines.size(), kShown); ++i) { text += (i == 0 ? "" : "; ") + lines[i]; }
  if (lines.size() > kShown) { text += "; and " + std::to_string(lines.size() - kShown) + " more"; }
  return text;
}

}  // namespace

std::vector<std::string> config_differences(const Json& saved, const Provenance& live) {
  auto there = leaves(saved);
  auto here = leaves(live.config);
  const auto may_differ = [&](const auto& item) { return live.changeable.contains(item.first); };
  std::erase_if(there, may_differ);
  std::erase_if(here, may_differ);
  for (const auto& [key, value] : leaves(live.defaults)) {
    if (here.contains(key)) { there.emplace(key, value); }
  }
  return differences(there, here);
}

std::vector<std::string> tensor_differences(const Manifest& manifest, const std::vector<Part*>& parts,
                                            const std::vector<OwnedSlice>& slices) {
  std::map<std::string, std::string> saved;
  std::map<std::string, std::string> live;
  for (const auto& [part, values] : manifest.values) { saved["part " + part] = "present"; }
  for (const Part* part : parts) { live["part " + part->part_name()] = "present"; }
  for (const auto& piece : manifest.pieces) { saved[piece.key()] = shape_text(piece.global_shape, piece.dtype); }
  for (const auto& owned : slices) {
    live[owned.key()] = shape_text(owned.slice.global_shape, dtype_name(owned.slice.tensor.scalar_type()));
  }
  return differences(saved, live);
}

void check_compatible(const std::string& subject, const Manifest& manifest, const Provenance& live,
                      const std::vector<Part*>& parts) {
  const auto tensors = tensor_differences(manifest, parts, all_slices(parts));
  auto settings = config_differences(manifest.provenance.config, live);
  const std::string advice =
      "; continue with the configuration it was made with (`realface inspect` shows it), or name another run.dir";
  if (!tensors.empty()) {
    throw CheckpointError(subject_of(subject) + " is a checkpoint of another architecture: " + first_few(tensors) +
                          (settings.empty() ? "" : "; settings: " + first_few(settings)) + advice);
  }
  if (manifest.provenance.dataset_digest != live.dataset_digest) {
    settings.push_back("dataset digest: " + manifest.provenance.dataset_digest + " in the checkpoint, " +
                       live.dataset_digest + " in this run");
  }
  if (manifest.provenance.seed != live.seed) {
    settings.push_back("seed: " + std::to_string(manifest.provenance.seed) + " in the checkpoint, " +
                       std::to_string(live.seed) + " in this run");
  }
  if (!settings.empty()) {
    throw CheckpointError(subject_of(subject) + " was made with another configuration: " + first_few(settings) + advice,
                          ExitCode::config);
  }
}

}  // namespace realface::checkpoints
