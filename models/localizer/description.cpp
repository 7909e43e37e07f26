#include "models/localizer/description.h"

#include "models/weights/description.h"

namespace realface::models {

static constexpr const char* kLocalizer = "localizer";

nlohmann::json describe(const LocalizerConfig& config) {
  LocalizerConfig copy = config;  // a visitor may write; this one does not
  return describe(kLocalizer, [&](Visitor& visitor) { fields(visitor, copy); });
}

LocalizerConfig localizer_description(const nlohmann::json& description) {
  LocalizerConfig config;
  read_description(description, kLocalizer, [&](Visitor& visitor) { fields(visitor, config); });
  return config;
}

}  // namespace realface::models
