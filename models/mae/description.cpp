#include "models/mae/description.h"

#include "models/weights/description.h"

namespace realface::models {
namespace {

void describe_fields(Visitor& visitor, MaeDescription& mae) {
  fields(visitor, mae.config);
  visitor.field("pixels", mae.pixels, {"imagenet", "unit"});
}

}  // namespace

nlohmann::json describe(const MaeConfig& config, const std::string& pixels) {
  MaeDescription mae{config, pixels};  // a visitor may write; this one does not
  return describe(config.architecture, [&](Visitor& visitor) { describe_fields(visitor, mae); });
}

MaeDescription mae_description(const nlohmann::json& description) {
  MaeDescription mae;
  if (is_of(description, "video_mae")) { mae.config = mae_preset("base", "video_mae"); }
  read_description(description, mae.config.architecture, [&](Visitor& visitor) { describe_fields(visitor, mae); });
  return mae;
}

void forget_decoder(nlohmann::json& description) {
  for (const char* key : {"decoder_width", "decoder_depth", "decoder_heads", "norm_pix"}) { description.erase(key); }
}

}  // namespace realface::models
