#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/streams.h"

namespace realface::data {

/// Streams without a dataset, for benchmarks: each hands out one batch of noise again and again, the same in every run.
/// It is made for the stream's needs (unit, masks, labels, self-blends) with the landmarks of an average face, so
/// nothing is read, decoded or drawn while time is taken. `steps_per_epoch` is what they claim. Streams that end do so
/// after one epoch. Collective.
std::unique_ptr<Streams> synthetic_streams(const std::vector<StreamNeeds>& needs, int64_t steps_per_epoch,
                                           distributed::World& world);

/// x0, y0, x1, y1, ... of an upright average face that fills a crop of this side, in pixels.
std::vector<float> average_landmarks(int64_t side);

}  // namespace realface::data
