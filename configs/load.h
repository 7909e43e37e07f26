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
  for_a_run,   // run.dir and data.shards must be given
  for_reading  // what the file says is enough
};

/// One stage file, resolved and checked. Throws ConfigError listing every fault at once, with file, line and the
/// nearest valid key.
Config load(const Arguments& arguments, Completeness completeness = Completeness::for_a_run);

/// The stages of a system file (`run: [pretrain.yaml, ...]`, paths from the file's folder), in order. Keys beside the
/// list are shared by all of them and override what the stage files say; the run folder of each is run.dir/<stage>. A
/// stage file alone counts as a system of one.
std::vector<Config> load_system(const Arguments& arguments, Completeness completeness = Completeness::for_a_run);

/// Every valid key, dotted, in order.
std::vector<std::string> valid_keys();

}  // namespace realface::configs
