#include "models/mapping_net/description.h"

#include "models/weights/description.h"

namespace realface::models {

static constexpr const char* kMappingNet = "mapping_net";

nlohmann::json describe(const MappingConfig& config) {
  MappingConfig copy = config;  // a visitor may write; this one does not
  return describe(kMappingNet, [&](Visitor& visitor) { fields(visitor, copy); });
}

MappingConfig mapping_description(const nlohmann::json& description) {
  MappingConfig config;
  read_description(description, kMappingNet, [&](Visitor& visitor) { fields(visitor, config); });
  return config;
}

}  // namespace realface::models
