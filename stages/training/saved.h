#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "checkpoints/format/manifest.h"
#include "distributed/communicator.h"

/// Networks in checkpoints, as later stages find them. `path`: a run folder, which stands for its newest intact
/// checkpoint, or a checkpoint folder `step-N`. All but saved_part and require_network are collective over the host
/// group; on an error of one rank, every rank throws.
namespace realface::stages {

/// The checkpoint folder that `path` stands for, of the same step on every rank; empty: `path` is no folder. Throws
/// CheckpointError if none is intact.
std::filesystem::path checkpoint_folder(const std::filesystem::path& path, distributed::Communicator& host);

/// The same, or `path` itself if it is no folder, to be refused by what reads it. What is asked of a network more than
/// once is asked of this: to verify a large checkpoint takes long.
std::filesystem::path chosen_weights(const std::filesystem::path& path, distributed::Communicator& host);

/// "model.NAME", the part of a checkpoint that holds a network.
std::string saved_part(const std::string& network);
/// Throws CheckpointError, saying where else to look, if the checkpoint does not hold it.
void require_network(const std::filesystem::path& folder, const checkpoints::Manifest& manifest,
                     const std::string& network);

/// Whether a network was trained there; false if `path` is no folder.
bool holds_network(const std::filesystem::path& path, const std::string& network, distributed::Communicator& host);

/// The networks that were trained there, in the order of their names; none if `path` is no folder.
std::vector<std::string> saved_networks(const std::filesystem::path& path, distributed::Communicator& host);

/// weights_sha256 of a network.
std::string saved_sha256(const std::filesystem::path& path, const std::string& network,
                         distributed::Communicator& host);

/// What made a network's checkpoint: {"config", "dataset_digest", "code_version", "seed", "step"}.
nlohmann::json saved_provenance(const std::filesystem::path& path, const std::string& network,
                                distributed::Communicator& host);

/// How the faces were cut out that a network was trained on (data::Manifest::crops); empty if `path` is no such folder
/// or its checkpoint is older than that.
nlohmann::json saved_crops(const std::filesystem::path& path, const std::string& network,
                           distributed::Communicator& host);

/// Refuses crops of another policy than those that a network was trained on: its scores would mean nothing. Another
/// compression alone is a warning, since tests across compressions are made. What one of the two does not say is not
/// compared. trained: saved_crops(weights); here: of the data at hand. Throws ConfigError naming the facts.
void require_same_crops(const std::filesystem::path& weights, const std::string& network, const nlohmann::json& trained,
                        const nlohmann::json& here, distributed::Communicator& host);

/// Of a frozen network that `network` was trained with there: {"sha256", "source", "description"}; null if
/// it was trained without one of that name.
nlohmann::json saved_frozen(const std::filesystem::path& path, const std::string& network, const std::string& frozen,
                            distributed::Communicator& host);

/// What the weights say of their network (models/weights/description.h). Throws Error if `path` is no such folder or
/// they say nothing.
nlohmann::json saved_description(const std::filesystem::path& path, const std::string& network,
                                 distributed::Communicator& host);

}  // namespace realface::stages
