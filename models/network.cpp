#include "models/network.h"

#include <fmt/format.h>

#include <map>
#include <string>

#include "base/error.h"
#include "models/cnn/description.h"
#include "models/localizer/description.h"
#include "models/localizer/localizer.h"
#include "models/lre/description.h"
#include "models/lre/lre.h"
#include "models/mae/description.h"
#include "models/mae/masked_autoencoder.h"
#include "models/mapping_net/description.h"
#include "models/rffr/rffr.h"
#include "models/vit/classifier.h"
#include "models/vit/description.h"
#include "models/xception/description.h"
#include "models/xception/xception.h"

namespace realface::models {
namespace {

using Json = nlohmann::json;
using Module = std::shared_ptr<torch::nn::Module>;

Module autoencoder(const Json& description) { return make_autoencoder(mae_description(description).config); }
Module classifier(const Json& description) { return make_classifier(vit_description(description).config); }
Module mapping(const Json& description) { return std::make_shared<MappingNetImpl>(mapping_description(description)); }
Module localizer(const Json& description) {
  return std::make_shared<LocalizerImpl>(localizer_description(description));
}
Module rffr(const Json& description) { return std::make_shared<RffrImpl>(rffr_description(description)); }
Module lre(const Json& description) { return std::make_shared<LreImpl>(lre_description(description)); }
Module xception(const Json& description) { return std::make_shared<XceptionImpl>(xception_description(description)); }
Module cnn(const Json& description) { return std::make_shared<CnnImpl>(cnn_description(description)); }

const std::map<std::string, Module (*)(const Json&)>& architectures() {
  static const std::map<std::string, Module (*)(const Json&)> kAll{
      {"cnn", cnn},           {"localizer", localizer},   {"lre", lre},
      {"mae", autoencoder},   {"mapping_net", mapping},   {"rffr", rffr},
      {"vit", classifier},    {"video_mae", autoencoder}, {"video_vit", classifier},
      {"xception", xception},
  };
  return kAll;
}

}  // namespace

Module make_network(const Json& description) {
  const auto name = description.is_object() ? description.value("architecture", Json()) : Json();
  const auto known = name.is_string() ? architectures().find(name.get<std::string>()) : architectures().end();
  if (known != architectures().end()) { return known->second(description); }
  std::string names;
  for (const auto& [own, make] : architectures()) { names += (names.empty() ? "" : ", ") + own; }
  throw Error(fmt::format("[weights] they are of a network {}, which this program does not know; it knows {}",
                          name.dump(), names));
}

}  // namespace realface::models
