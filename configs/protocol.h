#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "configs/load.h"

/// The protocols by which the papers test detectors: what a system is trained on, and what it is tested on.
namespace realface::configs {

/// What a protocol file says:
///
///     protocol: leave-one-out
///     system: ../recap/recap.yaml        # from the folder of this file; on the command line, from here
///     seeds: [1, 2, 3]
///     methods: [Deepfakes, Face2Face, FaceSwap, NeuralTextures]
///
/// and any keys of the system beside these, as `realface run` takes them.
struct Protocol {
  std::string kind;  // intra-dataset: trained and tested on data.shards | cross-dataset: tested on data.sets |
                     // cross-manipulation: trained on each method alone, tested on all, or on data.sets |
                     // leave-one-out: trained on all methods but one, tested on that one
  std::string system;
  std::vector<uint64_t> seeds;
  std::vector<std::string> methods;  // manipulations; intra- and cross-dataset: trained on, empty: as the system says
  std::string run_dir;
  std::vector<std::string> overrides;  // the other keys, as "key=value"

  /// Is the system trained once for each method?
  bool per_method() const { return kind == "cross-manipulation" || kind == "leave-one-out"; }
};

/// One training of the system, in the run folder RUN/SEED/NAME.
struct Cell {
  uint64_t seed = 0;
  std::string name;                     // the method alone or left out; else "all"
  std::vector<std::string> trained_on;  // methods; empty: as the system says

  std::string folder(const Protocol& protocol) const;
};

/// The only cell of a seed, unless each method has one.
inline constexpr const char* kWholeCell = "all";
/// The folder RUN/SEED/shared holds what is the same in all cells of a seed.
inline constexpr const char* kSharedCell = "shared";

/// Throws ConfigError listing every fault of the protocol's own keys at once.
Protocol load_protocol(const Arguments& arguments);

/// Seed by seed.
std::vector<Cell> cells_of(const Protocol& protocol);

}  // namespace realface::configs
