#include "base/settings.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/values.h"

namespace realface {

bool Range::holds(double value) const {
  if (!std::isfinite(value)) { return false; }
  return (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high);
}

std::string Range::text() const {
  std::string words;
  if (std::isfinite(low)) { words = (open_low ? "above " : "at least ") + number_text(low); }
  if (std::isfinite(high)) {
    words += (words.empty() ? "" : " and ") + std::string(open_high ? "below " : "at most ") + number_text(high);
  }
  return words;
}

void Visitor::field(const Key& key, int& value, const Range& range) {
  auto wide = static_cast<int64_t>(value);
  field(key, wide, range);
  value = static_cast<int>(wide);
}

void Faults::add(const std::string& origin, const std::string& text) { lines_.push_back(origin + ": " + text); }

void Faults::raise() const {
  if (lines_.empty()) { return; }
  if (lines_.size() == 1) { throw ConfigError("[config] " + lines_.front()); }
  std::string message = fmt::format("[config] {} faults:", lines_.size());
  for (const auto& line : lines_) { message += "\n  " + line; }
  throw ConfigError(message);
}

void Checker::fault(std::initializer_list<std::string> keys, const std::string& text) {
  for (const auto& key : keys) {
    const auto found = origins_.find(key);
    if (found != origins_.end()) { return faults_.add(found->second, text); }
  }
  faults_.add(*keys.begin(), text);
}

void Checker::divides(const std::string& part_key, int64_t part, const std::string& whole_key, int64_t whole) {
  if (whole % part == 0) { return; }
  fault({part_key, whole_key}, fmt::format("{} {} does not divide {} {}", part_key, part, whole_key, whole));
}

}  // namespace realface
