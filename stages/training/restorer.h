#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/mae/masked_autoencoder.h"
#include "models/set.h"

namespace realface::stages {

/// What a detector asks of the autoencoder that restores its faces.
struct RestorerNeeds {
  std::string by;           // who asks, for messages: "residuals"
  int64_t image = 0;        // side of the faces
  int64_t patch = 0;        // 0: any
  std::string pixels = {};  // as Normaliser takes them; empty: any
};

/// The set's network "mae", in evaluation mode. Throws ConfigError if it restores clips, patches normalised one by one
/// (G9), or anything else than is asked for.
std::shared_ptr<models::MaskedAutoencoder> restorer_of(const models::Set& set, const RestorerNeeds& needs);

}  // namespace realface::stages
