#include "configs/printer.h"

#include <algorithm>
#include <cctype>

#include "configs/fields.h"
#include "configs/values.h"

namespace realface::configs {
namespace {

class Lister final : public Visitor {
 public:
  void enter(const std::string& group) override { prefix_ += group + "."; }
  void leave() override { prefix_.erase(prefix_.rfind('.', prefix_.size() - 2) + 1); }
  void field(const std::string& key, std::string& value, const Choices&) override { add(key, value, value); }
  void field(const std::string& key, int64_t& value, const Range&) override { add(key, std::to_string(value), value); }
  void field(const std::string& key, uint64_t& value) override { add(key, std::to_string(value), value); }
  void field(const std::string& key, double& value, const Range&) override { add(key, number_text(value), value); }
  void field(const std::string& key, bool& value) override { add(key, value ? "true" : "false", value); }

  std::vector<Entry> entries;

 private:
  template <class Value>
  void add(const std::string& key, const std::string& text, const Value& value) {
    entries.push_back({prefix_ + key, text, value});
  }

  std::string prefix_;
};

// Words and numbers stand as they are; anything that YAML might read otherwise is quoted.
std::string yaml_scalar(const Entry& entry) {
  if (!entry.value.is_string()) { return entry.text; }
  const bool plain = !entry.text.empty() && std::isalpha(static_cast<unsigned char>(entry.text.front())) != 0 &&
                     std::all_of(entry.text.begin(), entry.text.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '/' || c == '.';
                     });
  const Choices special{"true", "false", "yes", "no", "on", "off", "null", "True", "False", "Null", "NULL"};
  const bool safe = plain && std::find(special.begin(), special.end(), entry.text) == special.end();
  return safe ? entry.text : entry.value.dump();
}

}  // namespace

std::vector<Entry> entries(const Config& config) {
  Lister lister;
  Config copy = config;  // a visitor may write; this one does not
  fields(lister, copy);
  return lister.entries;
}

std::string to_yaml(const Config& config) {
  std::string text, open_group;
  for (const auto& entry : entries(config)) {
    const auto dot = entry.key.find('.');
    const auto group = dot == std::string::npos ? std::string() : entry.key.substr(0, dot);
    if (group != open_group) { text += group + ":\n"; }
    open_group = group;
    text +=
        (group.empty() ? "" : "  ") + entry.key.substr(group.empty() ? 0 : dot + 1) + ": " + yaml_scalar(entry) + "\n";
  }
  return text;
}

nlohmann::json to_json(const Config& config) {
  nlohmann::json json = nlohmann::json::object();
  for (const auto& entry : entries(config)) {
    const auto dot = entry.key.find('.');
    if (dot == std::string::npos) {
      json[entry.key] = entry.value;
    } else {
      json[entry.key.substr(0, dot)][entry.key.substr(dot + 1)] = entry.value;
    }
  }
  return json;
}

}  // namespace realface::configs
