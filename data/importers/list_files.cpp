#include "data/importers/list_files.h"

#include <algorithm>
#include <cctype>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::data::importers {
namespace {

constexpr std::string_view kBlanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

void for_each_line(const std::filesystem::path& path,
                   const std::function<void(int64_t number, std::string_view line)>& take) {
  const std::string text = read_file(path);
  int64_t number = 1;
  for (size_t start = 0; start < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = trimmed(std::string_view(text).substr(start, end - start));
    if (!line.empty()) { take(number, line); }
    start = end + 1;
  }
}

std::vector<std::string_view> split_line(std::string_view line, char separator) {
  std::vector<std::string_view> parts;
  for (size_t start = 0; start <= line.size();) {
    const size_t end = std::min(line.find(separator, start), line.size());
    const std::string_view part = trimmed(line.substr(start, end - start));
    if (separator != ' ' || !part.empty()) { parts.push_back(part); }
    start = end + 1;
  }
  return parts;
}

void refuse_line(const std::filesystem::path& path, int64_t number, std::string_view line,
                 const std::string& expected) {
  constexpr size_t kShown = 80;
  std::string message = "[";
  message.append(path.string()).append(":").append(std::to_string(number)).append("] holds \"");
  message.append(line.substr(0, kShown)).append(line.size() > kShown ? "...\"" : "\"");
  message.append("; expected ").append(expected).append("; restore the official file");
  throw DataError(message);
}

int32_t whole_number(std::string_view text) {
  if (text.empty() || text.size() > 9) { return -1; }
  int32_t number = 0;
  for (const char digit : text) {
    if (std::isdigit(static_cast<unsigned char>(digit)) == 0) { return -1; }
    number = number * 10 + (digit - '0');
  }
  return number;
}

}  // namespace realface::data::importers
