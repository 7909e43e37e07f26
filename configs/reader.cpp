#include "configs/reader.h"

#include <algorithm>

#include "base/error.h"
#include "configs/values.h"

namespace realface::configs {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string listed(const Choices& choices) {
  std::string text;
  for (size_t i = 0; i < choices.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i];
  }
  return text;
}

std::string with_range(const std::string& what, const Range& range) {
  const auto bounds = range.text();
  return bounds.empty() ? what : what + " of " + bounds;
}

}  // namespace

void Reader::enter(const std::string& group) {
  groups_.push_back(groups_.empty() ? group : groups_.back() + "." + group);
  all_groups_.insert(groups_.back());
}

void Reader::leave() { groups_.pop_back(); }

const Leaf* Reader::look_up(const std::string& key) {
  keys_.push_back(groups_.empty() ? key : groups_.back() + "." + key);
  const auto found = leaves_.find(keys_.back());
  return found == leaves_.end() ? nullptr : &found->second;
}

void Reader::wrong(const std::string& key, const Leaf& leaf, const std::string& expected) {
  const auto full = groups_.empty() ? key : groups_.back() + "." + key;
  faults_.add(leaf.origin, full + " is " + quoted(leaf.text) + "; expected " + expected);
}

void Reader::field(const std::string& key, std::string& value, const Choices& choices) {
  const auto* leaf = look_up(key);
  if (leaf == nullptr) { return; }
  if (choices.empty() || std::find(choices.begin(), choices.end(), leaf->text) != choices.end()) {
    value = leaf->text;
    return;
  }
  const auto near = nearest(leaf->text, choices);
  wrong(key, *leaf, listed(choices) + (near.empty() ? "" : "; did you mean " + quoted(near) + "?"));
}

void Reader::field(const std::string& key, int64_t& value, const Range& range) {
  const auto* leaf = look_up(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_whole(leaf->text);
  if (parsed && range.holds(static_cast<double>(*parsed))) {
    value = *parsed;
  } else {
    wrong(key, *leaf, with_range("a whole number", range));
  }
}

void Reader::field(const std::string& key, uint64_t& value) {
  const auto* leaf = look_up(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_seed(leaf->text);
  if (parsed) {
    value = *parsed;
  } else {
    wrong(key, *leaf, "a whole number of at least 0");
  }
}

void Reader::field(const std::string& key, double& value, const Range& range) {
  const auto* leaf = look_up(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_number(leaf->text);
  if (parsed && range.holds(*parsed)) {
    value = *parsed;
  } else {
    wrong(key, *leaf, with_range("a number", range));
  }
}

void Reader::field(const std::string& key, bool& value) {
  const auto* leaf = look_up(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_bool(leaf->text);
  if (parsed) {
    value = *parsed;
  } else {
    wrong(key, *leaf, "true or false");
  }
}

void Reader::finish() {
  for (const auto& [key, leaf] : leaves_) {
    if (std::find(keys_.begin(), keys_.end(), key) == keys_.end()) { unknown(key, leaf); }
  }
}

void Reader::unknown(const std::string& key, const Leaf& leaf) {
  if (all_groups_.contains(key)) {
    faults_.add(leaf.origin, quoted(key) + " is a group of keys; expected keys below it, found " + quoted(leaf.text));
    return;
  }
  const auto near = nearest(key, keys_);
  faults_.add(leaf.origin, "unknown key " + quoted(key) + (near.empty() ? "" : "; did you mean " + quoted(near) + "?"));
}

}  // namespace realface::configs
