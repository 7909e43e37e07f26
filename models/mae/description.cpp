#include "models/mae/description.h"

#include "models/weights/description.h"

namespace realface::models {
namespace {

constexpr const char* kName = "mae";

void describe_fields(Visitor& visitor, MaeDescription& mae) {
  fields(visitor, mae.config);
  visitor.field("pixels", mae.pixels, {"imagenet", "unit"});
}

}  // namespace

nlohmann::json describe(const MaeConfig& config, const std::string& pixels) {
  MaeDescription mae{config, pixels};  // a visitor may write; this one does not
  return describe(kName, [&](Visitor& visitor) { describe_fields(visitor, mae); });
}

MaeDescription mae_description(const nlohmann::json& description) {
  MaeDescription mae;
  read_description(description, kName, [&](Visitor& visitor) { describe_fields(visitor, mae); });
  return mae;
}

}  // namespace realface::models
