#include "configs/printer.h"

#include <algorithm>
#include <cctype>

#include "base/values.h"
#include "configs/fields.h"

namespace realface::configs {
namespace {

// Words and numbers stand as they are; anything that YAML might read otherwise is quoted.
std::string quoted_if_needed(const std::string& text) {
  const bool plain = !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
                     std::all_of(text.begin(), text.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '/' || c == '.';
                     });
  const Choices special{"true", "false", "yes", "no", "on", "off", "null", "True", "False", "Null", "NULL"};
  const bool safe = plain && std::find(special.begin(), special.end(), text) == special.end();
  return safe ? text : nlohmann::json(text).dump();
}

class Lister final : public Visitor {
 public:
  void enter(const std::string& group) override { prefix_ += group + "."; }
  void leave() override { prefix_.erase(prefix_.rfind('.', prefix_.size() - 2) + 1); }
  void field(const Key& key, std::string& value, const Choices&) override { add(key, quoted_if_needed(value), value); }
  void field(const Key& key, int64_t& value, const Range&) override { add(key, std::to_string(value), value); }
  void field(const Key& key, uint64_t& value) override { add(key, std::to_string(value), value); }
  void field(const Key& key, double& value, const Range&) override { add(key, number_text(value), value); }
  void field(const Key& key, bool& value) override { add(key, value ? "true" : "false", value); }
  void field(const Key& key, std::vector<std::string>& values) override {
    std::string text;
    for (const auto& value : values) { text += (text.empty() ? "" : ", ") + nlohmann::json(value).dump(); }
    add(key, "[" + text + "]", values);
  }
  void folders(const Key& key, std::vector<std::string>& values) override {
    if (values.size() > 1) { return field(key, values); }
    auto value = values.empty() ? "" : values.front();
    field(key, value, {});
  }
  void table(const Key& key, std::map<std::string, std::string>& values) override {
    std::string text;
    for (const auto& [name, value] : values) {
      text += (text.empty() ? "" : ", ") + nlohmann::json(name).dump() + ": " + nlohmann::json(value).dump();
    }
    add(key, "{" + text + "}", values);
  }

  std::vector<Entry> entries;

 private:
  template <class Value>
  void add(const Key& key, const std::string& text, const Value& value) {
    entries.push_back({prefix_ + key.name, text, value, key.may_change});
  }

  std::string prefix_;
};

std::string group_of(const std::string& key) {
  return key.substr(0, key.find('.') == std::string::npos ? 0 : key.find('.'));
}

// Two places may describe one group: the loop's keys in `train` stand apart from the recipe's.
void gather_groups(std::vector<Entry>& entries) {
  std::vector<std::string> order;
  for (const auto& entry : entries) {
    if (std::find(order.begin(), order.end(), group_of(entry.key)) == order.end()) {
      order.push_back(group_of(entry.key));
    }
  }
  const auto place = [&](const Entry& entry) {
    return std::find(order.begin(), order.end(), group_of(entry.key)) - order.begin();
  };
  std::stable_sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) { return place(a) < place(b); });
}

}  // namespace

std::vector<Entry> entries(const Config& config) {
  Lister lister;
  Config copy = config;  // a visitor may write; this one does not
  fields(lister, copy);
  gather_groups(lister.entries);
  return lister.entries;
}

std::string to_yaml(const Config& config) {
  std::string text, open_group;
  for (const auto& entry : entries(config)) {
    const auto group = group_of(entry.key);
    if (group != open_group) { text += group + ":\n"; }
    open_group = group;
    text +=
        (group.empty() ? "" : "  ") + entry.key.substr(group.empty() ? 0 : group.size() + 1) + ": " + entry.text + "\n";
  }
  return text;
}

nlohmann::json to_json(const Config& config) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& entry : entries(config)) {
    const auto group = group_of(entry.key);
    if (group.empty()) {
      json[entry.key] = entry.value;
    } else {
      json[group][entry.key.substr(group.size() + 1)] = entry.value;
    }
  }
  return json;
}

nlohmann::json default_json(const Config& config) {
  for (const auto& kind : stages::kinds()) {
    if (config.stage == kind.name) { return to_json(defaults(kind)); }
  }
  return nlohmann::json::object();
}

std::set<std::string> changeable_keys(const Config& config) {
  std::set<std::string> keys;
  for (const auto& entry : entries(config)) {
    if (entry.may_change) { keys.insert(entry.key); }
  }
  return keys;
}

}  // namespace realface::configs
