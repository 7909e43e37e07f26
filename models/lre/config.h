#pragma once

#include <string>
#include <vector>

#include "models/xception/config.h"

namespace realface::models {

/// The detector of Local Reconstruction Errors.
struct LreConfig {
  XceptionConfig xception{.classes = 1};  // also what its extractor is, which has no last layer (E5, E9)
  std::vector<std::string> taps{"block2", "block3", "block11"};  // blocks whose outputs attend to differences (E6)
  std::string attention = "product";  // product: f x A, "inner product" | residual: f x (1 + A) (E8)
  std::string mask = "key_region";    // key_region | random: what is restored (data/faces/masks.h), ...
  double ratio = 0.75;                // ... this share of the picture, ...
  double key_share = 0.9;             // ... which holds so much of the key region, if it is of this kind (E2)

  /// The numbers of the tapped blocks, ascending. Throws Error for a block that this network has not.
  std::vector<int64_t> blocks() const;
};

/// lre.taps and lre.attention; mask.kind, mask.ratio and mask.key_share.
void attention_fields(Visitor& visitor, LreConfig& config);
void mask_fields(Visitor& visitor, LreConfig& config);
void check(const LreConfig& config, Checker& checker);

}  // namespace realface::models
