#include "models/lre/description.h"

#include "models/weights/description.h"

namespace realface::models {
namespace {

constexpr const char* kLre = "lre";

void describe_fields(Visitor& visitor, LreConfig& config) {
  fields(visitor, config.xception);
  attention_fields(visitor, config);
  mask_fields(visitor, config);
}

}  // namespace

nlohmann::json describe(const LreConfig& config) {
  LreConfig copy = config;  // a visitor may write; this one does not
  return describe(kLre, [&](Visitor& visitor) { describe_fields(visitor, copy); });
}

LreConfig lre_description(const nlohmann::json& description) {
  LreConfig config;
  read_description(description, kLre, [&](Visitor& visitor) { describe_fields(visitor, config); });
  return config;
}

}  // namespace realface::models
