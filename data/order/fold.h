#pragma once

#include <cstdint>

namespace realface::data {

/// One of two parts into which the videos of a split are cut by a hash of (seed, video).
struct Fold {
  double share = 0;     // of the videos, in the first part; 0: they are not cut
  bool second = false;  // which part
  uint64_t seed = 0;
};

}  // namespace realface::data
