#include "configs/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"
#include "base/values.h"

namespace realface::configs {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string listed(const Choices& choices) {
  std::string text;
  for (size_t i = 0; i < choices.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + (choices[i].empty() ? "nothing" : choices[i]);
  }
  return text;
}

std::string with_range(const std::string& what, const Range& range) {
  const auto bounds = range.text();
  return bounds.empty() ? what : what + " of " + bounds;
}

/// "[a, b]" as an override writes a list; any other text is a list of one.
std::vector<std::string> listed_in(const std::string& text) {
  if (!text.starts_with('[') || !text.ends_with(']')) { return {text}; }
  std::vector<std::string> items;
  std::istringstream list(text.substr(1, text.size() - 2));
  for (std::string item; std::getline(list, item, ',');) {
    const auto first = item.find_first_not_of(' ');
    if (first != std::string::npos) { items.push_back(item.substr(first, item.find_last_not_of(' ') - first + 1)); }
  }
  return items;
}

}  // namespace

void Reader::enter(const std::string& group) {
  groups_.push_back(groups_.empty() ? group : groups_.back() + "." + group);
  all_groups_.insert(groups_.back());
}

void Reader::leave() { groups_.pop_back(); }

std::string Reader::full(const Key& key) const { return groups_.empty() ? key.name : groups_.back() + "." + key.name; }

const Leaf* Reader::look_up(const Key& key) {
  keys_.push_back(full(key));
  const auto found = leaves_.find(keys_.back());
  return found == leaves_.end() ? nullptr : &found->second;
}

const Leaf* Reader::look_up_value(const Key& key) {
  const auto* leaf = look_up(key);
  if (leaf == nullptr || !leaf->is_list) { return leaf; }
  faults_.add(leaf->origin, fmt::format("'{}' is a list; expected one value", full(key)));
  return nullptr;
}

void Reader::wrong(const Key& key, const Leaf& leaf, const std::string& expected) {
  faults_.add(leaf.origin, fmt::format("{} is '{}'; expected {}", full(key), leaf.text, expected));
}

void Reader::field(const Key& key, std::string& value, const Choices& choices) {
  const auto* leaf = look_up_value(key);
  if (leaf == nullptr) { return; }
  if (choices.empty() || std::find(choices.begin(), choices.end(), leaf->text) != choices.end()) {
    value = leaf->text;
    return;
  }
  const auto near = nearest(leaf->text, choices);
  wrong(key, *leaf, listed(choices) + (near.empty() ? "" : "; did you mean " + quoted(near) + "?"));
}

void Reader::field(const Key& key, int64_t& value, const Range& range) {
  const auto* leaf = look_up_value(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_whole(leaf->text);
  if (parsed && range.holds(static_cast<double>(*parsed))) {
    value = *parsed;
  } else {
    wrong(key, *leaf, with_range("a whole number", range));
  }
}

void Reader::field(const Key& key, uint64_t& value) {
  const auto* leaf = look_up_value(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_seed(leaf->text);
  if (parsed) {
    value = *parsed;
  } else {
    wrong(key, *leaf, "a whole number of at least 0");
  }
}

void Reader::field(const Key& key, double& value, const Range& range) {
  const auto* leaf = look_up_value(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_number(leaf->text);
  if (parsed && range.holds(*parsed)) {
    value = *parsed;
  } else {
    wrong(key, *leaf, with_range("a number", range));
  }
}

void Reader::field(const Key& key, bool& value) {
  const auto* leaf = look_up_value(key);
  if (leaf == nullptr) { return; }
  const auto parsed = parse_bool(leaf->text);
  if (parsed) {
    value = *parsed;
  } else {
    wrong(key, *leaf, "true or false");
  }
}

void Reader::field(const Key& key, std::vector<std::string>& values) {
  const auto* leaf = look_up(key);
  if (leaf == nullptr) { return; }
  values = leaf->is_list ? leaf->items : listed_in(leaf->text);
}

void Reader::table(const Key& key, std::map<std::string, std::string>& values) {
  const auto prefix = full(key) + ".";
  tables_.insert(prefix);
  if (const auto* leaf = look_up(key); leaf != nullptr) { wrong(key, *leaf, "names with a value each"); }
  for (auto leaf = leaves_.lower_bound(prefix); leaf != leaves_.end() && leaf->first.starts_with(prefix); ++leaf) {
    values[leaf->first.substr(prefix.size())] = leaf->second.text;
  }
}

bool Reader::knows(const std::string& key) const {
  if (std::find(keys_.begin(), keys_.end(), key) != keys_.end()) { return true; }
  return std::any_of(tables_.begin(), tables_.end(), [&](const auto& prefix) { return key.starts_with(prefix); });
}

void Reader::unknown(const std::string& key, const Leaf& leaf) {
  if (all_groups_.contains(key)) {
    faults_.add(leaf.origin,
                fmt::format("'{}' is a group of keys; expected keys below it, found '{}'", key, leaf.text));
    return;
  }
  const auto near = nearest(key, keys_);
  faults_.add(leaf.origin,
              fmt::format("unknown key '{}'{}", key, near.empty() ? "" : "; did you mean '" + near + "'?"));
}

}  // namespace realface::configs
