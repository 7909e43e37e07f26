#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace realface {

/// Random numbers that are a pure function of a key: Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy
/// as 1, 2, 3", SC 2011).
///
/// Every random choice of the program is keyed by what it belongs to, (seed, epoch, sample) or (seed, step), and by a
/// purpose, never by rank, thread or batch size, so there is no generator state to save. Cheap to make; not
/// shared between threads.
class CounterRng {
 public:
  /// What a draw is for: two purposes never see the same numbers.
  enum class Purpose : uint32_t {
    mask = 1,
    flip,
    frame,
    crop,
    block,
    init,
    dropout,
    synthesis,
    plan,
    order,
    split,
    test,
    blend,
    episode,
    fold
  };

  CounterRng(uint64_t seed, Purpose purpose, std::initializer_list<uint64_t> key);

  uint32_t next_u32();
  uint64_t next_u64();
  double uniform();                         // [0, 1), 53 bits
  double uniform(double low, double high);  // [low, high)
  double normal();                          // mean 0, deviation 1 (Box-Muller)
  uint64_t below(uint64_t bound);           // [0, bound), without bias; bound > 0
  bool chance(double probability) { return uniform() < probability; }

  /// k distinct numbers of 0..n-1, uniform, in drawing order. k is clipped to n.
  std::vector<int64_t> sample(int64_t n, int64_t k);

 private:
  void refill();

  std::array<uint32_t, 2> key_{};
  std::array<uint32_t, 4> counter_{};
  std::array<uint32_t, 4> block_{};
  unsigned used_ = 4;
};

/// A well-mixed 64-bit hash of the values, in order (SplitMix64 finaliser): for seeds derived from seeds.
uint64_t mix(std::initializer_list<uint64_t> values);

/// One Philox 4x32-10 block: exposed for its known-answer test.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace realface
