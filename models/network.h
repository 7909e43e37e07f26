#pragma once

#include <torch/nn/module.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace realface::models {

/// The network that weights belong to, by what they say of themselves (models/weights/description.h), with unset
/// weights and on the CPU. Throws Error if this program knows no such architecture, or what it is said of it.
std::shared_ptr<torch::nn::Module> make_network(const nlohmann::json& description);

}  // namespace realface::models
