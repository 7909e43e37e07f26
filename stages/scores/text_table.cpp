#include "stages/scores/text_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace realface::stages {

std::string text_table(const std::vector<std::vector<std::string>>& lines, size_t names) {
  std::vector<size_t> widths(lines.empty() ? 0 : lines.front().size());
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) { widths[i] = std::max(widths[i], line[i].size()); }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string columns;
    for (size_t i = 0; i < line.size(); ++i) {
      columns += i == 0 ? "" : "  ";
      columns += i < names ? fmt::format("{:<{}}", line[i], widths[i]) : fmt::format("{:>{}}", line[i], widths[i]);
    }
    text += columns.substr(0, columns.find_last_not_of(' ') + 1) + '\n';
  }
  return text;
}

}  // namespace realface::stages
