#include "models/weights/description.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"

namespace realface::models {
namespace {

using Json = nlohmann::json;

constexpr const char* kArchitecture = "architecture";

/// Groups are flattened into one object: a network's own keys have no two of one name.
class Writer final : public Visitor {
 public:
  explicit Writer(Json& json) : json_(json) {}
  void enter(const std::string& /*group*/) override {}
  void leave() override {}
  void field(const Key& key, std::string& value, const Choices&) override { json_[key.name] = value; }
  void field(const Key& key, int64_t& value, const Range&) override { json_[key.name] = value; }
  void field(const Key& key, uint64_t& value) override { json_[key.name] = value; }
  void field(const Key& key, double& value, const Range&) override { json_[key.name] = value; }
  void field(const Key& key, bool& value) override { json_[key.name] = value; }
  void field(const Key& key, std::vector<std::string>& values) override { json_[key.name] = values; }
  void table(const Key& key, std::map<std::string, std::string>& values) override { json_[key.name] = values; }

 private:
  Json& json_;
};

class Reader final : public Visitor {
 public:
  explicit Reader(const Json& json) : json_(json) {}
  void enter(const std::string& /*group*/) override {}
  void leave() override {}
  void field(const Key& key, std::string& value, const Choices& choices) override {
    read(key, value);
    const bool known = choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end();
    if (!known) { refuse(key.name); }
  }
  void field(const Key& key, int64_t& value, const Range& range) override { read_number(key, value, range); }
  void field(const Key& key, uint64_t& value) override { read(key, value); }
  void field(const Key& key, double& value, const Range& range) override { read_number(key, value, range); }
  void field(const Key& key, bool& value) override { read(key, value); }
  void field(const Key& key, std::vector<std::string>& values) override { read(key, values); }
  void table(const Key& key, std::map<std::string, std::string>& values) override { read(key, values); }

  void require_all_known() const {
    for (const auto& [name, value] : json_.items()) {
      if (name != kArchitecture && !known_.contains(name)) { refuse(name); }
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& name) const {
    throw Error(fmt::format(
        "[weights] their description has {} = {}, which this program does not know; use the version that wrote them",
        name, json_.at(name).dump()));
  }
  template <class Value>
  void read(const Key& key, Value& value) {
    known_.insert(key.name);
    const auto found = json_.find(key.name);
    if (found == json_.end()) { return; }
    try {
      found->get_to(value);
    } catch (const Json::exception&) { refuse(key.name); }
  }
  template <class Number>
  void read_number(const Key& key, Number& value, const Range& range) {
    read(key, value);
    if (json_.contains(key.name) && !range.holds(static_cast<double>(value))) { refuse(key.name); }
  }

  const Json& json_;
  std::set<std::string> known_;
};

}  // namespace

bool is_of(const Json& description, const std::string& architecture) {
  return description.is_object() && description.value(kArchitecture, Json()) == architecture;
}

Json describe(const std::string& architecture, const DescribeFields& fields) {
  Json json = {{kArchitecture, architecture}};
  Writer writer(json);
  fields(writer);
  return json;
}

void read_description(const Json& description, const std::string& architecture, const DescribeFields& fields) {
  const auto found = description.is_object() ? description.value(kArchitecture, Json()).dump() : description.dump();
  if (found != Json(architecture).dump()) {
    throw Error(
        fmt::format("[weights] they are described as those of {}; expected those of \"{}\"", found, architecture));
  }
  Reader reader(description);
  fields(reader);
  reader.require_all_known();
}

}  // namespace realface::models
