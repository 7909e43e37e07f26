#include <fmt/format.h>

#include <array>

#include "base/error.h"
#include "models/exporting/targets.h"
#include "models/mae/description.h"
#include "models/vit/classifier.h"
#include "models/vit/description.h"
#include "models/weights/description.h"
#include "models/xception/description.h"

namespace realface::models::exporting {
namespace {

using Json = nlohmann::json;

/// timm's function makes networks of other sizes than its name says, if told so.
template <class Config>
std::string vit_call(const Config& config, const std::string& last) {
  struct Size {
    const char* name;
    int64_t value, usual;
  };
  const std::array<Size, 6> sizes{{{"img_size", config.image, 224},
                                   {"patch_size", config.patch, 16},
                                   {"embed_dim", config.width, 768},
                                   {"depth", config.depth, 12},
                                   {"num_heads", config.heads, 12},
                                   {"mlp_ratio", config.mlp_ratio, 4}}};
  std::string call = "timm.create_model(\"vit_base_patch16_224\"";
  for (const auto& size : sizes) {
    if (size.value != size.usual) { call += fmt::format(", {}={}", size.name, size.value); }
  }
  return call + ", " + last + ")";
}

Exported encoder(const Tensors& network, Json description) {
  Exported exported;
  exported.python = vit_call(mae_description(description).config, "num_classes=0");
  exported.file.tensors = network;
  std::erase_if(exported.file.tensors, [](const auto& one) { return of_decoder(one.first); });
  forget_decoder(description);
  exported.file.metadata["description"] = description.dump();
  return exported;
}

Exported whole(const Tensors& network, const Json& description, std::string python) {
  Exported exported;
  exported.python = std::move(python);
  exported.file.tensors = network;
  exported.file.metadata["description"] = description.dump();
  return exported;
}

}  // namespace

Exported for_timm(const Tensors& network, const Json& description) {
  if (is_of(description, "mae")) { return encoder(network, description); }
  if (is_of(description, "vit")) {
    const auto last = fmt::format("global_pool=\"avg\", num_classes={}", Classifier::kClasses);
    return whole(network, description, vit_call(vit_description(description).config, last));
  }
  if (is_of(description, "xception") && xception_description(description).size == "full") {
    const auto classes = xception_description(description).classes;
    return whole(network, description, fmt::format("timm.create_model(\"legacy_xception\", num_classes={})", classes));
  }
  throw Error(fmt::format(
      "[export] timm has no network like this one ({}); it has mae (the encoder), vit, and xception of full size; --to safetensors and torch write any",
      description.dump()));
}

}  // namespace realface::models::exporting
