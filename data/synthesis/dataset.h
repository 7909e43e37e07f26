#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/synthesis/forgery/method.h"

namespace realface::data::synthesis {

/// What `realface synth` writes. The files are a pure function of all but `out` and `threads`.
struct SynthConfig {
  enum class Fakes { all, test, none };  // whose videos are also forged: those of every split, of test alone, of none

  std::filesystem::path out;
  int64_t identities = 40;  // even, 6..100000
  int64_t held_out = 0;     // of them, those of the test split, even; 0: 14 %
  uint64_t seed = 0;
  int64_t frames = 32;  // of each video, at 25 a second
  int size = 256;       // pixels, width and height; even, 128..1024
  Fakes fakes = Fakes::all;
  Level level = Level::easy;
  std::vector<Method> methods;  // of the level; empty: all of its
  int threads = 0;              // 0: as many as the machine has cores
};

struct SynthResult {
  bool written = false;  // false: the same dataset was there already
  int64_t reals = 0, fakes = 0;
};

/// Writes a dataset in the layout of FaceForensics++ (c23, with exact masks and splits) to `out`: beside it first, then
/// renamed, so that `out` is there whole or not at all. `out` may be missing, empty, or hold the same dataset; anything
/// else is refused with DataError. Throws UsageError for settings out of range. At level hard the masks say what the
/// forger touched, before the whole video was processed (processing.h).
SynthResult write_dataset(const SynthConfig& config);

}  // namespace realface::data::synthesis
