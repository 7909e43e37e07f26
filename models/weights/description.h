#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "base/settings.h"

/// What weights say of the network they belong to, so that a reader needs no recipe: a flat JSON object with the keys
/// that the network's `fields` describes, and "architecture". It is stored beside the weights in every checkpoint.
namespace realface::models {

/// Describes one network's settings to a visitor, as its `fields` does. It may be called more than once.
using DescribeFields = std::function<void(Visitor&)>;

/// Whether a description is of this architecture.
bool is_of(const nlohmann::json& description, const std::string& architecture);

/// The settings as they stand.
nlohmann::json describe(const std::string& architecture, const DescribeFields& fields);

/// Fills the settings in. A key that the description lacks keeps its value: it is newer than the weights, and its
/// default stands for what was done before. Throws Error if `description` is no object, describes another architecture,
/// or has a key or a value that this program does not know.
void read_description(const nlohmann::json& description, const std::string& architecture, const DescribeFields& fields);

}  // namespace realface::models
