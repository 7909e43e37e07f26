#include "models/xception/description.h"

#include "models/weights/description.h"

namespace realface::models {
namespace {

constexpr const char* kXception = "xception";

void describe_fields(Visitor& visitor, XceptionConfig& config) {
  fields(visitor, config);
  visitor.field("classes", config.classes, within(0, 65536));
}

}  // namespace

nlohmann::json describe(const XceptionConfig& config) {
  XceptionConfig copy = config;  // a visitor may write; this one does not
  auto description = describe(kXception, [&](Visitor& visitor) { describe_fields(visitor, copy); });
  if (config.classes == 0) { description.erase("classes"); }  // an extractor, which takes the weights of any
  return description;
}

XceptionConfig xception_description(const nlohmann::json& description) {
  XceptionConfig config;
  read_description(description, kXception, [&](Visitor& visitor) { describe_fields(visitor, config); });
  return config;
}

}  // namespace realface::models
