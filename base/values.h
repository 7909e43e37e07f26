#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Values of keys as text: the one place that says how a number is written.
namespace realface {

std::string number_text(double value);  // the shortest text that reads back as the same number

std::optional<double> parse_number(const std::string& text);
std::optional<int64_t> parse_whole(const std::string& text);
std::optional<uint64_t> parse_seed(const std::string& text);
std::optional<bool> parse_bool(const std::string& text);  // true or false

}  // namespace realface
