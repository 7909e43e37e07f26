#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/weights/tensor_file.h"
#include "models/weights/translation.h"

/// Trained weights made into what other programs take (docs/weights.md).
namespace realface::models {

struct Exported {
  TensorFile file;        // with the "description" of the network in its metadata
  nlohmann::json config;  // transformers' config.json; null for any other target
  std::string python;     // the class or call that takes the weights; "" if they are for no certain one
};

/// What `--to` knows: name and what it stands for.
struct ExportTarget {
  std::string name, what;
};
std::vector<ExportTarget> export_targets();

/// network: all of its tensors, by our names; the result shares those that need no conversion. description: as in its
/// checkpoint. Throws Error for a target that is not known, or that has no such network.
Exported export_weights(const Tensors& network, const nlohmann::json& description, const std::string& target);

}  // namespace realface::models
