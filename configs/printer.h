#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "configs/config.h"
#include "configs/visitor.h"

namespace realface::configs {

/// One key with its value as text that reads back as the same value.
struct Entry {
  std::string key;  // dotted
  std::string text;
  nlohmann::json value;
};

/// Every key of a configuration, in the order of fields.h.
std::vector<Entry> entries(const Config& config);

/// The whole resolved configuration, as a file that loads as the same configuration.
std::string to_yaml(const Config& config);
nlohmann::json to_json(const Config& config);  // nested by group

}  // namespace realface::configs
