#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "distributed/communicator.h"
#include "models/set.h"

namespace realface::stages {

/// Where a network's weights came from.
struct LoadedWeights {
  std::string source;          // for readers: "enc.safetensors (encoder only), SHA-256 5f0c...", noted in the set
  std::string sha256;          // of the file, or weights_sha256 of the network in a checkpoint
  int64_t step = -1;           // updates done; -1: read from a file, which says nothing of this and the following
  std::string dataset_digest;  // of what they were trained on
  std::string code_version;    // of the program that trained them
  std::set<std::string> licences = {};  // models::Entry::licences
};

/// Which weights are wanted.
struct WeightsPart {
  std::string saved = "mae";  // the network's name in a checkpoint
  std::string below = {};   // the part of the network, such as "trunk", that a file of that part alone holds; what else
                            // the file holds (a classifier, later stages) is left out, the rest keeps its weights
  std::string padded = {};  // a convolution of which a file may have fewer input channels than the network: the others
                            // begin at zero
  bool encoder = false;     // of an autoencoder the encoder alone, for a classifier, whose `head` and `fc_norm` keep
                            // their weights: the encoder's own last norm belongs to its decoder
  bool headless = false;    // the last layer keeps its weights: those of another number of classes are taken too
};

/// Copies trained weights into the network `name` of the set and notes their source there. `path` is one of
/// - a run folder: its newest intact checkpoint. Rank 0 chooses it for all, since others may see an older folder;
/// - a checkpoint folder `step-N`, whatever number of ranks wrote it, or one rank's file of it that holds the whole
///   network;
/// - a file of weights of another program, safetensors or of torch.save, with names of facebookresearch/mae or any that
///   models::translated knows (G17): a whole autoencoder, or an encoder alone, as timm's vision transformers are; the
///   decoder then keeps its weights. A classifier's last layer (`head.*`, `fc_norm.*`, `fc.*`) is ignored by networks
///   without one. What `realface import` noted of the network in the file must fit.
///
/// Collective; host group; on an error of one rank, every rank throws. Throws Error or CheckpointError if nothing can
/// be read, or if names, shapes or the description differ, listing how; files that differ leave the network unchanged.
/// In a network to be trained, a file's values of a fixed parameter (a position table) must be those that it has.
LoadedWeights load_weights(const std::filesystem::path& path, models::Set& set, const std::string& name,
                           distributed::Communicator& host, const WeightsPart& part = {});

}  // namespace realface::stages
