#pragma once

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace realface::stages {

inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();  // of a number that there is not

/// JSON has no NaN: what cannot be said is null.
inline nlohmann::json number_or_null(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
}

/// The number under `key`; NaN where there is none, also in JSON that is no object.
inline double number_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : kNaN;
}

}  // namespace realface::stages
