#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <string>
#include <vector>

/// What a component says of its settings. Each describes its keys once, beside its own struct, as
/// `void fields(Visitor&, XConfig&)`; reading, printing and the list of valid keys all follow from that description.
/// There is no YAML here: only configs/ knows how settings are written down.
namespace realface {

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
inline Range above_up_to(double low, double high) { return {.low = low, .high = high, .open_low = true}; }

inline constexpr double kMaxCount = 1 << 30;  // keeps every size that is computed from a key within 64 bits
inline constexpr double kMaxSteps = 1e12;

using Choices = std::vector<std::string>;  // the words that a key takes; empty: any text

/// A key's name inside its group, and whether a run that is resumed may change it.
struct Key {
  Key(const char* text) : name(text) {}  // NOLINT(google-explicit-constructor): a plain name is a key
  Key(std::string text, bool changeable) : name(std::move(text)), may_change(changeable) {}

  std::string name;
  bool may_change = false;
};

/// A key that changes where, how fast or how long a run computes, but not what it learns.
inline Key may_change(const char* name) { return {name, true}; }

/// Sees each key of a configuration once, in order. It may write to the values.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void enter(const std::string& group) = 0;
  virtual void leave() = 0;
  virtual void field(const Key& key, std::string& value, const Choices& choices) = 0;
  virtual void field(const Key& key, int64_t& value, const Range& range) = 0;
  virtual void field(const Key& key, uint64_t& value) = 0;
  virtual void field(const Key& key, double& value, const Range& range) = 0;
  virtual void field(const Key& key, bool& value) = 0;
  virtual void field(const Key& key, std::vector<std::string>& values) = 0;            // a list: [a, b]
  virtual void table(const Key& key, std::map<std::string, std::string>& values) = 0;  // names of the user's choice
  /// A reference to weights: an earlier entry of the system, a finished run folder or a weights file. Once a
  /// configuration is loaded, the value is a path. A resumed run may find the weights elsewhere: that they are the same
  /// is what their digest shows.
  virtual void weights(const Key& key, std::string& value) { field(Key(key.name, true), value, {}); }
  /// One folder or several: a list, of which a single item may stand alone.
  virtual void folders(const Key& key, std::vector<std::string>& values) { field(key, values); }
  /// A list of manipulations whose fakes are learned from.
  virtual void methods(const Key& key, std::vector<std::string>& values) { field(key, values); }

  void field(const Key& key, int& value, const Range& range);
};

/// Describes the keys of one group.
template <class Describe>
void group(Visitor& visitor, const std::string& name, const Describe& describe) {
  visitor.enter(name);
  describe();
  visitor.leave();
}

/// Everything that is wrong with a configuration, collected so that it can be reported at once.
class Faults {
 public:
  void add(const std::string& origin, const std::string& text);
  bool empty() const { return lines_.empty(); }
  /// Throws ConfigError listing every fault, if there is one.
  void raise() const;

 private:
  std::vector<std::string> lines_;
};

/// Where each dotted key was written: "pretrain.yaml:12", or "train.steps=5" for the command line.
using Origins = std::map<std::string, std::string>;

/// Notes combinations of values, each valid alone, that no run can have. Holds both references.
class Checker {
 public:
  Checker(const Origins& origins, Faults& faults) : origins_(origins), faults_(faults) {}

  /// Notes a fault at the first of the keys that was written down.
  void fault(std::initializer_list<std::string> keys, const std::string& text);
  void divides(const std::string& part_key, int64_t part, const std::string& whole_key, int64_t whole);

 private:
  const Origins& origins_;
  Faults& faults_;
};

}  // namespace realface
