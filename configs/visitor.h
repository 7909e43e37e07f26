#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace realface::configs {

/// Which numbers a key takes.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool open_low = false, open_high = false;  // the bound itself is not allowed

  bool holds(double value) const;
  std::string text() const;  // "at least 1", "above 0 and at most 1", ...
};

inline Range at_least(double low) { return {.low = low}; }
inline Range above(double low) { return {.low = low, .open_low = true}; }
inline Range within(double low, double high) { return {.low = low, .high = high}; }
inline Range share() { return {.low = 0, .high = 1}; }
inline Range inside(double low, double high) { return {.low = low, .high = high, .open_low = true, .open_high = true}; }

using Choices = std::vector<std::string>;  // the words that a key takes; empty: any text

/// Sees each key of a configuration once, in order (fields.h). The same description serves reading, printing and the
/// list of valid keys.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void enter(const std::string& group) = 0;
  virtual void leave() = 0;
  virtual void field(const std::string& key, std::string& value, const Choices& choices) = 0;
  virtual void field(const std::string& key, int64_t& value, const Range& range) = 0;
  virtual void field(const std::string& key, uint64_t& value) = 0;
  virtual void field(const std::string& key, double& value, const Range& range) = 0;
  virtual void field(const std::string& key, bool& value) = 0;

  void field(const std::string& key, int& value, const Range& range) {
    auto wide = static_cast<int64_t>(value);
    field(key, wide, range);
    value = static_cast<int>(wide);
  }
};

}  // namespace realface::configs
