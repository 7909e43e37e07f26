#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace realface::stages {

/// Lines of cells, all of one length, as text in columns: the first `names` columns are flush left, the others,
/// numbers, right.
std::string text_table(const std::vector<std::vector<std::string>>& lines, size_t names);

}  // namespace realface::stages
