#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/importing/import.h"
#include "models/importing/shapes.h"

/// What the tensors of each kind of network are, of the sizes that a file's shapes tell. All throw Error if these tell
/// nothing, or a network that cannot be. Names are bare.
namespace realface::models::importing {

struct Expected {
  Shapes required, optional;
  std::vector<std::string> left_out;  // what other names begin with that such files have and nothing here reads
  std::string encoder_prefix;         // what names that are not the decoder's have before them in our network
  nlohmann::json description;         // null: none
};

Expected expected_mae(const Sizes& sizes, const ImportOptions& options);  // also RFFR's, whose pixels are in [0, 1]
Expected expected_vit(const Sizes& sizes, const ImportOptions& options);
Expected expected_video_mae(const Sizes& sizes, const ImportOptions& options);  // also MARLIN's, likewise
Expected expected_resnet18(const Sizes& sizes, const ImportOptions& options);
Expected expected_senet154(const Sizes& sizes, const ImportOptions& options);
Expected expected_se_resnet50(const Sizes& sizes, const ImportOptions& options);
Expected expected_xception(const Sizes& sizes, const ImportOptions& options);

}  // namespace realface::models::importing
