#include "stages/training/restorer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "models/mae/description.h"

namespace realface::stages {

std::shared_ptr<models::MaskedAutoencoder> restorer_of(const models::Set& set, const RestorerNeeds& needs) {
  const auto network = set.get<models::MaskedAutoencoder>("mae");
  const auto& entry = set.entry("mae");
  const auto& own = network->config();
  const auto refuse = [&](const std::string& what, const std::string& wanted) {
    throw ConfigError(
        fmt::format("[weights.mae] {} was trained on {}; {} need {}", entry.source, what, needs.by, wanted));
  };
  if (own.of_clips()) { refuse("clips", "an autoencoder of single pictures"); }
  if (own.norm_pix) { refuse("normalised patches", "model.norm_pix=false (docs/decisions.md, G9)"); }
  if (own.image != needs.image) {
    refuse(fmt::format("pictures of {} pixels", own.image), fmt::format("model.image={}", needs.image));
  }
  if (needs.patch != 0 && own.patch != needs.patch) {
    refuse(fmt::format("patches of {} pixels", own.patch), fmt::format("model.patch={}", needs.patch));
  }
  const auto pixels = models::mae_description(entry.description).pixels;
  if (!needs.pixels.empty() && pixels != needs.pixels) {
    refuse("pixels '" + pixels + "'", "model.pixels=" + needs.pixels);
  }
  network->eval();
  return network;
}

}  // namespace realface::stages
