#include <ATen/Parallel.h>
#include <ATen/ops/randn.h>
#include <benchmark/benchmark.h>

#include "base/counter_rng.h"
#include "models/mae/mae.h"

/// Forward and backward of the compared model alone: images/s of one thread. The whole step is `realface bench step`.
namespace realface::models {
namespace {

/// Three quarters of each sample's patches.
torch::Tensor random_mask(int64_t batch, const MaeConfig& config) {
  auto mask = torch::zeros({batch, config.cut().tokens()}, torch::kBool);
  CounterRng rng(0, CounterRng::Purpose::test, {});
  for (int64_t i = 0; i < batch; ++i) {
    auto* row = mask[i].mutable_data_ptr<bool>();
    for (const int64_t id : rng.sample(config.cut().tokens(), config.cut().tokens() * 3 / 4)) { row[id] = true; }
  }
  return mask;
}

void forward_and_backward(benchmark::State& state, torch::ScalarType dtype, bool fixed) {
  at::set_num_threads(1);
  const auto config = mae_preset("small");
  MaeImpl mae(config, 1);
  mae.to(dtype);
  const int64_t batch = 16;
  const auto patches = at::randn({batch, config.cut().tokens(), config.cut().values()}).to(dtype);
  const auto mask = random_mask(batch, config);
  const auto visible = visible_tokens(mask, 49, fixed);
  for (auto _ : state) { mae.loss_sum(patches, mae.forward(patches, visible), mask, visible).backward(); }
  state.SetItemsProcessed(state.iterations() * batch);
}

void mae_fp32(benchmark::State& state) { forward_and_backward(state, torch::kFloat32, true); }
void mae_bf16(benchmark::State& state) { forward_and_backward(state, torch::kBFloat16, true); }
void mae_fp32_padded(benchmark::State& state) { forward_and_backward(state, torch::kFloat32, false); }

BENCHMARK(mae_fp32)->Unit(benchmark::kMillisecond);
BENCHMARK(mae_bf16)->Unit(benchmark::kMillisecond);
BENCHMARK(mae_fp32_padded)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace realface::models

BENCHMARK_MAIN();
