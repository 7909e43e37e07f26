#include "data/importers/dfdc_labels.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/importers/list_files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

/// 0 real, 1 fake, -1 neither.
int label_of(std::string_view text) {
  if (text == "1" || text == "FAKE") { return 1; }
  return text == "0" || text == "REAL" ? 0 : -1;
}

int entry_label(const nlohmann::json& entry) {
  if (!entry.is_object()) { return -1; }
  if (const auto label = entry.find("label"); label != entry.end()) {
    return label->is_string() ? label_of(label->get<std::string>()) : -1;
  }
  const auto fake = entry.find("is_fake");
  return fake != entry.end() && fake->is_number_integer() ? label_of(std::to_string(fake->get<int64_t>())) : -1;
}

/// Which column holds what; -1: none.
struct Columns {
  char separator = ',';
  size_t count = 0;
  int file = -1, label = -1, split = -1;
};

Columns columns_of(const fs::path& path, int64_t number, std::string_view header) {
  Columns columns;
  columns.separator = header.find(',') == std::string_view::npos ? ' ' : ',';
  const auto names = split_line(header, columns.separator);
  columns.count = names.size();
  for (size_t i = 0; i < names.size(); ++i) {
    const auto at = static_cast<int>(i);
    if (names[i] == "filename" || names[i] == "name") { columns.file = at; }
    if (names[i] == "label") { columns.label = at; }
    if (names[i] == "set" || names[i] == "split") { columns.split = at; }
  }
  if (columns.file < 0 || columns.label < 0) {
    refuse_line(path, number, header, "a header with the columns filename and label");
  }
  return columns;
}

DfdcLabel row(const fs::path& path, int64_t number, std::string_view line, const Columns& columns) {
  const auto cells = split_line(line, columns.separator);
  DfdcLabel entry;
  if (cells.size() == columns.count) {
    entry.file = cells[static_cast<size_t>(columns.file)];
    entry.label = label_of(cells[static_cast<size_t>(columns.label)]);
    if (columns.split >= 0) { entry.split = cells[static_cast<size_t>(columns.split)]; }
  }
  if (entry.file.empty() || entry.label < 0) {
    refuse_line(path, number, line,
                std::to_string(columns.count) + " columns as in the header, with a label that is 0 or 1");
  }
  return entry;
}

}  // namespace

std::vector<DfdcLabel> read_dfdc_metadata(const fs::path& path) {
  const auto json = nlohmann::json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) {
    throw DataError(
        "[" + path.string() +
        "] is not a list of labels; expected {\"x.mp4\": {\"label\": \"FAKE\", ...}, ...}; restore the official file");
  }
  std::vector<DfdcLabel> entries;
  for (const auto& [name, value] : json.items()) {
    DfdcLabel entry{name, entry_label(value), "", ""};
    if (entry.label < 0) {
      throw DataError(
          "[" + path.string() + "] gives " + name +
          " no label; expected \"label\" to be REAL or FAKE, or \"is_fake\" to be 0 or 1; restore the official file");
    }
    if (const auto original = value.find("original"); original != value.end() && original->is_string()) {
      entry.original = original->get<std::string>();
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<DfdcLabel> read_dfdc_labels(const fs::path& path) {
  std::vector<DfdcLabel> entries;
  Columns columns;
  for_each_line(path, [&](int64_t number, std::string_view line) {
    if (columns.count == 0) {
      columns = columns_of(path, number, line);
    } else {
      entries.push_back(row(path, number, line, columns));
    }
  });
  if (columns.count == 0) {
    throw DataError("[" + path.string() +
                    "] is empty; expected a header and a video a line; restore the official file");
  }
  return entries;
}

}  // namespace realface::data::importers
