#pragma once

#include <torch/nn/module.h>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "distributed/communicator.h"
#include "models/set.h"

namespace realface::stages {

/// Makes a network from its description, with unset weights.
using MakeNetwork = std::function<std::shared_ptr<torch::nn::Module>(const nlohmann::json& description)>;

/// Adds the network `name` that a run, checkpoint or file holds to the set, frozen, for evaluation and on the device:
/// the weights themselves say what network they are. Nothing if `path` is empty. Collective. Throws as load_weights
/// and saved_description do.
void add_frozen(models::Set& set, const std::string& path, const std::string& name, torch::Device device,
                distributed::Communicator& host, const MakeNetwork& make);

}  // namespace realface::stages
