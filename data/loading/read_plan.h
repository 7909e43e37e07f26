#pragma once

#include <cstdint>
#include <vector>

#include "data/order/items.h"
#include "data/order/order.h"
#include "data/shards/dataset.h"

namespace realface::data {

/// One frame to read: where it goes.
struct Piece {
  uint64_t number = 0;      // of the frame in the whole dataset
  uint32_t row = 0, t = 0;  // sample of the batch, frame of the sample
};

/// The reads of one update on this rank, in the order in which the frames lie on disk. Frames less than 64 KiB apart in
/// one shard are read together, up to 1 MiB and 16 frames at a time, so that threads still share the work.
struct ReadPlan {
  std::vector<Draw> draws;        // [rows]
  std::vector<uint64_t> numbers;  // [rows x T], by row
  std::vector<Piece> pieces;      // in storage order
  std::vector<uint32_t> groups;   // [G+1] into pieces: what one read brings

  size_t group_count() const { return groups.size() - 1; }
  FileRange range_of(const Dataset& dataset, size_t group) const;
};

ReadPlan make_read_plan(const Dataset& dataset, const Items& items, std::vector<Draw> draws);

}  // namespace realface::data
