#pragma once

#include <map>
#include <string>
#include <vector>

#include "configs/config.h"
#include "configs/protocol.h"
#include "stages/protocol/table.h"

namespace realface::configs {

/// The sets that an entry of `stage: evaluate` tests on, as its scores name them, with their folders.
std::map<std::string, data::Folders> sets_of(const Config& evaluation);

/// What a protocol tests its cells on, in the order of its table:
///
///   intra-dataset      in each set, all videos and each of `methods`
///   cross-dataset      each set as a whole, and their mean
///   cross-manipulation for each method trained on: each method of the test split, and the mean of the others; or, if
///                      data.sets names some, each set as a whole, and their mean
///   leave-one-out      in each set, each method by the cell that left it out, and their mean
std::vector<stages::TestBlock> tests_of(const Protocol& protocol, const Config& evaluation);

}  // namespace realface::configs
