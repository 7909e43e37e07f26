#include "base/values.h"

#include <array>
#include <charconv>

namespace realface {
namespace {

template <class Number>
std::optional<Number> parse(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || text.empty()) { return std::nullopt; }
  return value;
}

}  // namespace

std::string number_text(double value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

std::optional<double> parse_number(const std::string& text) { return parse<double>(text); }
std::optional<int64_t> parse_whole(const std::string& text) { return parse<int64_t>(text); }
std::optional<uint64_t> parse_seed(const std::string& text) { return parse<uint64_t>(text); }

std::optional<bool> parse_bool(const std::string& text) {
  if (text == "true") { return true; }
  if (text == "false") { return false; }
  return std::nullopt;
}

}  // namespace realface
