#include "models/vit/description.h"

#include "models/weights/description.h"

namespace realface::models {
namespace {

void describe_vit(Visitor& visitor, VitDescription& vit) {
  fields(visitor, vit.config);
  visitor.field("pixels", vit.pixels, {"imagenet", "unit"});
}

}  // namespace

nlohmann::json describe(const VitConfig& config, const std::string& pixels) {
  VitDescription vit{config, pixels};  // a visitor may write; this one does not
  return describe(config.architecture, [&](Visitor& visitor) { describe_vit(visitor, vit); });
}

VitDescription vit_description(const nlohmann::json& description) {
  VitDescription vit;
  if (is_of(description, "video_vit")) { vit.config = vit_preset("base", "video_vit"); }
  read_description(description, vit.config.architecture, [&](Visitor& visitor) { describe_vit(visitor, vit); });
  return vit;
}

}  // namespace realface::models
