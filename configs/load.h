#pragma once

#include <string>
#include <vector>

#include "configs/config.h"

namespace realface::configs {

/// A file and the `key=value` arguments that follow it.
struct Arguments {
  std::string file;
  std::vector<std::string> overrides;
};

enum class Completeness {
  for_a_run,   // run.dir, data.shards and the weights that the file refers to must be there
  for_reading  // what the file says is enough
};

/// One stage file, resolved and checked. Throws ConfigError listing every fault at once, with file, line and the
/// nearest valid key.
Config load(const Arguments& arguments, Completeness completeness = Completeness::for_a_run);

/// The entries of a system file, in order; a stage file alone counts as a system of one.
///
///     run: [pretrain.yaml, {name: evaluate-celebdf, file: evaluate.yaml, data.shards: celebdf}]
///
/// Files are found from the system file's folder. An entry's name is that of its kind of stage unless it gives one;
/// names are unique, kinds need not be. Its run folder is run.dir/NAME. Keys beside the list and key=value arguments
/// are shared: each goes to the entries that know it, at least one must, and it overrides what the stage files say;
/// what an entry says itself overrides both, and the argument NAME.key=value that. `weights.X: NAME` refers to an
/// earlier entry. `world` is joined once, so it must be the same for all.
std::vector<Config> load_system(const Arguments& arguments, Completeness completeness = Completeness::for_a_run);

/// Every valid key of a kind of stage, dotted, in order.
std::vector<std::string> valid_keys(const stages::Kind& kind);

}  // namespace realface::configs
