#pragma once

#include <torch/types.h>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "distributed/communicator.h"
#include "models/set.h"

namespace realface::stages {

/// Adds the network `name` that a run, checkpoint or file holds to the set, frozen, for evaluation and on the device:
/// the weights themselves say what network they are. Nothing if `path` is empty. Collective. Throws as load_weights
/// and saved_description do.
void add_frozen(models::Set& set, const std::string& path, const std::string& name, torch::Device device,
                distributed::Communicator& host);

/// The same with the network that `description` describes, which a run holds as the network `saved`.
void add_frozen(models::Set& set, const std::filesystem::path& weights, const std::string& name,
                const std::string& saved, nlohmann::json description, torch::Device device,
                distributed::Communicator& host);

/// A trained network that needs a frozen one to work, as a detector of residuals needs the autoencoder that restores.
struct TrainedWith {
  std::string path;     // where it was trained: a run or a checkpoint
  std::string network;  // its name there
};

/// Adds that frozen network, unless it is there, to the set under the name `name` that it had in the training; nothing
/// if `user` was trained without one. path: a run, checkpoint or file that holds its weights, in a run as the network
/// `saved`. Collective. Throws ConfigError if `user` was trained with other weights than these.
void add_partner(models::Set& set, const std::string& path, const std::string& name, const std::string& saved,
                 const TrainedWith& user, torch::Device device, distributed::Communicator& host);

}  // namespace realface::stages
