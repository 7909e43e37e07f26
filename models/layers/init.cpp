#include "models/layers/init.h"

#include <ATen/Parallel.h>
#include <cmath>

#include "base/counter_rng.h"

namespace realface::models {
namespace {

/// FNV-1a: a fixed function of the name, unlike std::hash.
uint64_t name_hash(const std::string& name) {
  uint64_t hash = 0xCBF29CE484222325ull;
  for (const char letter : name) { hash = (hash ^ static_cast<uint8_t>(letter)) * 0x100000001B3ull; }
  return hash;
}

/// Fills each row of [size(0), rest] by `draw(rng)`, every row from a generator of its own.
template <class Draw>
void fill_rows(torch::Tensor& parameter, uint64_t seed, const std::string& name, const Draw& draw) {
  const int64_t rows = parameter.size(0);
  const int64_t columns = parameter.numel() / rows;
  auto* values = parameter.mutable_data_ptr<float>();
  const uint64_t hash = name_hash(name);
  at::parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      CounterRng rng(seed, CounterRng::Purpose::init, {hash, static_cast<uint64_t>(row)});
      for (int64_t i = row * columns; i < (row + 1) * columns; ++i) { values[i] = draw(rng); }
    }
  });
}

}  // namespace

void init_uniform(torch::Tensor parameter, double bound, uint64_t seed, const std::string& name) {
  fill_rows(parameter, seed, name, [bound](CounterRng& rng) {
    // 24 bits are all that an fp32 in [0, 1) has; a model has a hundred million of them to draw.
    const double unit = static_cast<double>(rng.next_u32() >> 8) * 0x1.0p-24;
    return static_cast<float>(bound * (2.0 * unit - 1.0));
  });
}

void init_normal(torch::Tensor parameter, double deviation, uint64_t seed, const std::string& name) {
  fill_rows(parameter, seed, name,
            [deviation](CounterRng& rng) { return static_cast<float>(deviation * rng.normal()); });
}

void init_truncated_normal(torch::Tensor parameter, double deviation, double bound, uint64_t seed,
                           const std::string& name) {
  fill_rows(parameter, seed, name, [&](CounterRng& rng) {
    double value = 0;
    do { value = deviation * rng.normal(); } while (std::abs(value) > bound);
    return static_cast<float>(value);
  });
}

void init_xavier(torch::Tensor parameter, uint64_t seed, const std::string& name) {
  const auto out = static_cast<double>(parameter.size(0));
  const double in = static_cast<double>(parameter.numel()) / out;
  init_uniform(parameter, std::sqrt(6.0 / (in + out)), seed, name);
}

}  // namespace realface::models
