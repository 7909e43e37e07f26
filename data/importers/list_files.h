#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Text files with one entry a line, as datasets ship them.
namespace realface::data::importers {

/// Calls `take` with each line that is not blank and its number from 1 on, without carriage return and surrounding
/// blanks. A last line without a newline counts like any other. Throws Error where the file cannot be read.
void for_each_line(const std::filesystem::path& path,
                   const std::function<void(int64_t number, std::string_view line)>& take);

/// The parts of `line` between separators, each without surrounding blanks; a blank separates any number of times.
std::vector<std::string_view> split_line(std::string_view line, char separator);

/// Throws DataError "[FILE:LINE] found; expected; restore the file".
[[noreturn]] void refuse_line(const std::filesystem::path& path, int64_t number, std::string_view line,
                              const std::string& expected);

/// A whole number without a sign, of at most 9 digits; -1 for anything else.
int32_t whole_number(std::string_view text);

}  // namespace realface::data::importers
