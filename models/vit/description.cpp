#include "models/vit/description.h"

#include "models/weights/description.h"

namespace realface::models {
namespace {

constexpr const char* kVit = "vit";

void describe_vit(Visitor& visitor, VitDescription& vit) {
  fields(visitor, vit.config);
  visitor.field("pixels", vit.pixels, {"imagenet", "unit"});
}

}  // namespace

nlohmann::json describe(const VitConfig& config, const std::string& pixels) {
  VitDescription vit{config, pixels};  // a visitor may write; this one does not
  return describe(kVit, [&](Visitor& visitor) { describe_vit(visitor, vit); });
}

VitDescription vit_description(const nlohmann::json& description) {
  VitDescription vit;
  read_description(description, kVit, [&](Visitor& visitor) { describe_vit(visitor, vit); });
  return vit;
}

}  // namespace realface::models
