#pragma once

#include <cstdint>

#include "base/counter_rng.h"

namespace realface::data::synthesis {

/// What a random number decides: each purpose has numbers of its own, so that a new one changes none of the old.
enum class Draw : uint64_t {
  identity = 1,
  skin,
  hair,
  backdrop,
  clothes,
  motion,
  noise,
  forgery,
  processing,
  disguise
};

/// The numbers of one purpose, for one identity and one frame: never of a thread or of an order of work.
inline CounterRng draws(uint64_t seed, Draw purpose, uint64_t identity, uint64_t frame = 0) {
  return {seed, CounterRng::Purpose::synthesis, {static_cast<uint64_t>(purpose), identity, frame}};
}

/// Uniform in [low, high), in the precision that pixels are computed in.
inline float between(CounterRng& rng, float low, float high) { return static_cast<float>(rng.uniform(low, high)); }

}  // namespace realface::data::synthesis
