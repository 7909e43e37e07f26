#include "models/weights/torch_save/saved_tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "models/weights/torch_save/layouts.h"
#include "models/weights/torch_save/pickle.h"
#include "models/weights/torch_save/zip.h"

namespace realface::models::torch_save {
namespace {

constexpr std::string_view kZip = "PK\x03\x04";
/// The first of three pickles: the number 0x1950a86a20f9469cfc6c.
constexpr std::string_view kLegacy = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

using Kind = Value::Kind;

/// "archive/" of "archive/data.pkl": the folder has any name.
std::string folder_of(const std::map<std::string, Place, std::less<>>& entries, const Bytes& file) {
  constexpr std::string_view kPickle = "/data.pkl";
  for (const auto& [name, place] : entries) {
    if (name.ends_with(kPickle) && name.find('/') == name.size() - kPickle.size()) {
      return name.substr(0, name.size() - kPickle.size() + 1);
    }
  }
  file.refuse(0, "a zip archive without data.pkl; expected what torch.save writes");
}

Saved read_zip(const Bytes& file) {
  const auto entries = zip_entries(file);
  const auto folder = folder_of(entries, file);
  if (entries.contains(folder + "constants.pkl")) {
    file.refuse(0, "a TorchScript archive; expected weights: torch.save(model.state_dict(), ...)");
  }
  if (const auto order = entries.find(folder + "byteorder"); order != entries.end()) {
    const auto said = file.piece(order->second.begin, order->second.size);
    if (said != "little") {
      file.refuse(order->second.begin, "the numbers are not little-endian; write it on such a machine");
    }
  }
  const auto place = entries.at(folder + "data.pkl");
  Saved saved{read_pickle(file, place.begin, place.begin + place.size), {}};
  for (const auto& storage : saved.pickle.storages) {
    const auto found = entries.find(fmt::format("{}data/{}", folder, storage.key));
    if (found != entries.end()) { saved.storages[storage.key] = found->second; }
  }
  return saved;
}

/// Magic number, version, facts of the machine, the object, the keys of the storages; then each storage's number of
/// elements and its bytes.
Saved read_legacy(const Bytes& file) {
  constexpr int64_t kVersion = 1001;
  const auto version = read_pickle(file, kLegacy.size(), file.size());
  if (version.at(version.root).kind != Kind::whole || version.at(version.root).number != kVersion) {
    file.refuse(kLegacy.size(), "an unknown version of torch.save's old format; expected 1001");
  }
  const auto machine = read_pickle(file, version.end, file.size());
  const auto* little = machine.find(machine.at(machine.root), "little_endian");
  if (little == nullptr || little->kind != Kind::boolean || little->number == 0) {
    file.refuse(version.end, "the numbers are not little-endian; write the file on such a machine");
  }
  Saved saved{read_pickle(file, machine.end, file.size()), {}};
  std::map<std::string_view, uint64_t> widths;
  for (const auto& storage : saved.pickle.storages) { widths.emplace(storage.key, element_bytes(file, storage)); }
  const auto keys = read_pickle(file, saved.pickle.end, file.size());
  uint64_t at = keys.end;
  for (const Ref ref : keys.at(keys.root).items) {
    const auto width = widths.find(keys.at(ref).text);
    if (width == widths.end()) { file.refuse(at, "a storage that no tensor has; the file is damaged"); }
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(file.number(at, 8), width->second, &bytes)) {
      file.refuse(at, "a storage of impossible size");
    }
    file.piece(at + 8, bytes);
    saved.storages[width->first] = {at + 8, bytes};
    at += 8 + bytes;
  }
  return saved;
}

/// The dict that holds the weights.
const Value& state_dict(const Pickle& pickle) {
  static constexpr std::array<std::string_view, 4> kWrappers{"model", "module", "state_dict", "state_dict_ema"};
  constexpr int kDeepest = 4;
  const auto* dict = &pickle.at(pickle.root);
  for (int depth = 0; depth < kDeepest; ++depth) {
    const auto* outer = dict;
    for (const auto wrapper : kWrappers) {
      const auto* inner = pickle.find(*outer, wrapper);
      if (outer == dict && inner != nullptr && inner->kind == Kind::dict) { dict = inner; }
    }
    if (outer == dict) { break; }
  }
  return *dict;
}

/// What stands in the place of weights, for a message.
std::string description_of(const Value& root) {
  if (root.kind == Kind::dict) { return "a dict"; }
  if (root.kind == Kind::tensor) { return "one tensor without a name"; }
  if (root.text.empty()) { return "something else"; }
  auto name = std::string(root.text.substr(0, 200));
  std::ranges::replace(name, '\n', '.');
  return "an object of " + name;
}

}  // namespace

bool is_torch_save(std::string_view bytes) { return bytes.starts_with(kZip) || bytes.starts_with(kLegacy); }

std::map<std::string, SavedTensor> saved_tensors(std::string_view bytes, const std::string& path) {
  constexpr size_t kLongestName = 1024;
  const Bytes file(bytes, path);
  const auto saved = bytes.starts_with(kZip) ? read_zip(file) : read_legacy(file);
  const auto& dict = state_dict(saved.pickle);
  std::map<std::string, SavedTensor> tensors;
  for (size_t i = 0; dict.kind == Kind::dict && i + 1 < dict.items.size(); i += 2) {
    const auto& key = saved.pickle.at(dict.items[i]);
    const auto& value = saved.pickle.at(dict.items[i + 1]);
    if (key.kind != Kind::text || value.kind != Kind::tensor) { continue; }
    if (key.text.size() > kLongestName) { file.refuse(0, "a tensor whose name has over 1024 characters"); }
    tensors[std::string(key.text)] =
        checked(file, saved, saved.pickle.tensors[static_cast<size_t>(value.number)], std::string(key.text));
  }
  if (tensors.empty()) {
    throw Error(
        fmt::format("[{}] holds {} and no tensors by name; expected weights: torch.save(model.state_dict(), ...)", path,
                    description_of(dict)));
  }
  require_moderate(file, tensors);
  return tensors;
}

std::map<std::string, std::string> saved_metadata(std::string_view bytes, const std::string& path) {
  std::map<std::string, std::string> metadata;
  if (!bytes.starts_with(kZip)) { return metadata; }
  const Bytes file(bytes, path);
  const auto entries = zip_entries(file);
  const auto record = entries.find(folder_of(entries, file) + kMetadataRecord);
  if (record == entries.end()) { return metadata; }
  const auto text = file.piece(record->second.begin, record->second.size);
  const auto said = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!said.is_object()) { return metadata; }
  for (const auto& [key, value] : said.items()) {
    if (value.is_string()) { metadata[key] = value.get<std::string>(); }
  }
  return metadata;
}

}  // namespace realface::models::torch_save
