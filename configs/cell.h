#pragma once

#include <string>
#include <vector>

#include "configs/config.h"
#include "configs/protocol.h"

namespace realface::configs {

/// An entry of the system as a cell runs it.
struct CellEntry {
  Config config;
  bool shared = false;  // the same in all cells of the seed, so trained once, in RUN/SEED/shared/NAME
};

/// The system's entries, in order, for one cell: its seed, and in every stage that learns from fakes of chosen methods
/// the cell's methods alone. Where there is a cell for each method, what neither learns from fakes nor builds on
/// weights that do is shared.
///
/// Throws ConfigError if the system cannot be read or run, says itself what the protocol sets, or would let a network
/// see the fakes of another method: in a stage that is trained, in a run folder that it takes weights from, or by
/// evaluate.select. Weights from files outside run folders are not looked at. Only reads, so every rank may call it.
std::vector<CellEntry> load_cell(const Protocol& protocol, const Cell& cell);

}  // namespace realface::configs
