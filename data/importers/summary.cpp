#include "data/importers/summary.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace realface::data::importers {
namespace {

struct Count {
  int64_t videos = 0, files = 0, bytes = 0;
  void add(const Source& source) {
    ++videos;
    files += source.files;
    bytes += source.bytes;
  }
};

using Row = std::array<std::string, 7>;

/// In the order of the splits, reals first.
using Class = std::tuple<size_t, int8_t, std::string, std::string>;

constexpr const char* kSplits[] = {"train", "val", "test"};

size_t order_of(const std::string& split) {
  return static_cast<size_t>(std::ranges::find(kSplits, split) - std::begin(kSplits));
}

std::string readable(int64_t bytes) {
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB"};
  size_t unit = 0;
  int64_t tenths = bytes > INT64_MAX / 10 ? INT64_MAX : bytes * 10;
  for (; tenths >= 10240 && unit < std::size(kUnits) - 1; ++unit) { tenths /= 1024; }
  std::string text = std::to_string(tenths / 10);
  if (unit > 0) { text.append(".").append(std::to_string(tenths % 10)); }
  return text.append(" ").append(kUnits[unit]);
}

Row row(const std::string& split, const std::string& label, const std::string& method, const std::string& compression,
        const Count& count) {
  return {split,
          label,
          method,
          compression,
          std::to_string(count.videos),
          std::to_string(count.files),
          readable(count.bytes)};
}

std::vector<Row> rows_of(const Listing& listing) {
  std::map<Class, Count> classes;
  Count all;
  for (const auto& source : listing.sources) {
    classes[{order_of(source.split), source.label, source.manip, source.compression}].add(source);
    all.add(source);
  }
  std::vector<Row> rows = {{"split", "class", "method", "compression", "videos", "files", "size"}};
  for (const auto& [key, count] : classes) {
    const auto& [split, label, method, compression] = key;
    rows.push_back(
        row(kSplits[split], label == 0 ? "real" : "fake", method.empty() ? "-" : method, compression, count));
  }
  rows.push_back(row("all", "", "", "", all));
  return rows;
}

/// Text to the left, numbers to the right.
std::string table(const std::vector<Row>& rows) {
  constexpr size_t kFirstNumber = 4;
  std::array<size_t, std::tuple_size_v<Row>> width{};
  for (const auto& cells : rows) {
    for (size_t i = 0; i < cells.size(); ++i) { width[i] = std::max(width[i], cells[i].size()); }
  }
  std::string text;
  for (const auto& cells : rows) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string blanks(width[i] - cells[i].size(), ' ');
      if (i > 0) { line += "  "; }
      line += i < kFirstNumber ? cells[i] + blanks : blanks + cells[i];
    }
    text += line.append("\n");
  }
  return text;
}

std::string extras(const Listing& listing) {
  int64_t masks = 0, originals = 0, runs = 0;
  std::set<int64_t> groups;
  for (const auto& source : listing.sources) {
    masks += !source.mask_path.empty();
    originals += !source.original_path.empty();
    runs += !source.runs.empty();
    groups.insert(source.group);
  }
  return std::to_string(groups.size()) + " leakage groups; " + std::to_string(masks) + " with masks, " +
         std::to_string(originals) + " with their original, " + std::to_string(runs) + " with labels of frames\n";
}

}  // namespace

std::string summary(const Listing& listing) {
  std::string text = table(rows_of(listing));
  text += extras(listing);
  for (const auto& note : listing.notes) { text.append("note: ").append(note).append("\n"); }
  text += std::to_string(listing.unplaced.size()) + " could not be placed\n";
  for (const auto& file : listing.unplaced) {
    text.append("  ").append(file.path).append(": ").append(file.why).append("\n");
  }
  return text;
}

}  // namespace realface::data::importers
