// What communication costs a training step on shared cores: a mock backward pass of about 20 M parameters.
//
//   mpirun -n 2 --bind-to none measure_overlap [SAMPLES] [ROUNDS] [messages]
//
// With "messages" the gradients travel by MPI even within a node, where they are otherwise summed in shared memory.
// Alternates, in one sitting, updates in which the ranks communicate with updates in which they run at the same time
// and do not, and prints one JSON line: "ratio" of both rates (1: communication is free), and "cpu_ratio", processor
// seconds of rank 0 without communication over those with it, which holds on a busy machine too.

#include <algorithm>
#include <ctime>
#include <iostream>

#include "base/telemetry.h"
#include "distributed/agreement.h"
#include "distributed/mpi/communicator.h"
#include "distributed/reducer/gradient_reducer.h"
#include "distributed/self_communicator.h"
#include "distributed/world.h"

namespace realface::distributed {
namespace {

constexpr int64_t kWidth = 1024, kDepth = 20;

struct Network {
  Network() {
    for (int64_t i = 0; i < kDepth; ++i) {
      parameters.push_back({std::to_string(i), (torch::randn({kWidth, kWidth}) / 32).requires_grad_(true)});
    }
  }
  void backward(const torch::Tensor& input) const {
    auto hidden = input;
    for (const auto& parameter : parameters) { hidden = torch::tanh(torch::matmul(hidden, parameter.tensor)); }
    hidden.sum().backward();
  }
  std::vector<NamedTensor> parameters;
};

struct Spent {
  double wall, processor;
};

double processor_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

Spent time_of(const Network& network, GradientReducer& reducer, const torch::Tensor& input, int updates) {
  const auto start = std::chrono::steady_clock::now();
  const double processor = processor_seconds();
  for (int i = 0; i < updates; ++i) {
    reducer.begin(true);
    network.backward(input);
    reducer.finish();
    reducer.zero();
  }
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          processor_seconds() - processor};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void measure(World& world, Communicator& group, int64_t samples, int rounds) {
  constexpr int kUpdates = 4;
  const auto alone = make_self_communicator();
  const Network together, apart;
  GradientReducer communicating(together.parameters, group);
  GradientReducer not_communicating(apart.parameters, *alone);
  const auto input = torch::randn({samples, kWidth});
  std::vector<double> with, without, exposed, processor;
  for (int round = 0; round <= rounds; ++round) {
    world.host_group().barrier()->wait();
    const Spent apart_time = time_of(apart, not_communicating, input, kUpdates);
    world.host_group().barrier()->wait();
    const double before = telemetry::phase_seconds(telemetry::Phase::allreduce_exposed);
    const Spent together_time = time_of(together, communicating, input, kUpdates);
    if (round == 0) {
      continue;  // buckets are arranged, memory is touched
    }
    exposed.push_back((telemetry::phase_seconds(telemetry::Phase::allreduce_exposed) - before) / kUpdates);
    processor.push_back(apart_time.processor / together_time.processor);
    // The rate of the whole is that of its slowest rank where they communicate, the sum of all where they do not.
    const auto rates = torch::tensor({1 / apart_time.wall}, torch::kFloat64);
    world.host_group().all_reduce(rates)->wait();
    without.push_back(rates.item<double>() * kUpdates * double(samples));
    with.push_back(kUpdates * double(samples * world.size()) / together_time.wall);
  }
  std::vector<double> ratios;
  for (size_t i = 0; i < with.size(); ++i) { ratios.push_back(with[i] / without[i]); }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  if (world.rank() == 0) {
    std::cout << "{\"ranks\": " << world.size() << ", \"samples\": " << samples << ", \"rounds\": " << rounds
              << ", \"step_ms\": " << 1e3 * double(samples * world.size()) / median(with)
              << ", \"exposed_ms\": " << 1e3 * median(exposed) << ", \"ratio\": " << median(ratios)
              << ", \"ratio_min\": " << *low << ", \"ratio_max\": " << *high << ", \"cpu_ratio\": " << median(processor)
              << "}" << std::endl;
  }
}

}  // namespace
}  // namespace realface::distributed

int main(int argc, char** argv) {
  using namespace realface::distributed;
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  auto world = World::join({.device = "cpu", .threads = 1});
  const bool by_messages = arguments.size() > 2 && arguments[2] == "messages";
  const auto messages = by_messages ? make_mpi_communicator({.node_memory = false}) : nullptr;
  measure(world, by_messages ? *messages : world.group(), arguments.empty() ? 256 : std::stoi(arguments[0]),
          arguments.size() > 1 ? std::stoi(arguments[1]) : 7);
}
