#include "models/cnn/description.h"

#include "models/weights/description.h"

namespace realface::models {

static constexpr const char* kCnn = "cnn";

nlohmann::json describe(const CnnConfig& config) {
  CnnConfig copy = config;  // a visitor may write; this one does not
  return describe(kCnn, [&](Visitor& visitor) { fields(visitor, copy); });
}

CnnConfig cnn_description(const nlohmann::json& description) {
  CnnConfig config;
  read_description(description, kCnn, [&](Visitor& visitor) { fields(visitor, config); });
  return config;
}

}  // namespace realface::models
