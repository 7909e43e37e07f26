#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "configs/config.h"

namespace realface::configs {

/// One key with its value as text that reads back as the same value.
struct Entry {
  std::string key;  // dotted
  std::string text;
  nlohmann::json value;  // a list or a table is an array or an object
  bool may_change = false;
};

/// Every key of a configuration; the keys of a group stand together.
std::vector<Entry> entries(const Config& config);

/// The whole resolved configuration, as a file that loads as the same configuration.
std::string to_yaml(const Config& config);
nlohmann::json to_json(const Config& config);  // nested by group

/// The defaults of the configuration's kind of stage, like to_json.
nlohmann::json default_json(const Config& config);

/// The dotted keys that a run that is resumed may change.
std::set<std::string> changeable_keys(const Config& config);

}  // namespace realface::configs
