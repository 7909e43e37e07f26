// The oracle: the gradients of one process on the concatenated batch, by autograd::grad without any reducer. Compared
// as one vector (relative norm: 1e-6 in fp32, 1e-12 in fp64).

#include "distributed/reducer/gradient_reducer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "base/telemetry.h"
#include "tests/mpi_world.h"

namespace realface::distributed {
namespace {

using realface::testing::mpi_world;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using torch::Tensor;

constexpr int64_t kSamples = 12, kWidth = 24;

/// On the device that the world's group serves.
Tensor here(const Tensor& tensor) { return tensor.to(mpi_world().device()); }
/// A leaf there.
Tensor parameter_of(const Tensor& values) { return here(values).detach().requires_grad_(true); }

/// A small network with a bias, a shared parameter and a masked loss: loss = sum over masked outputs / global count.
struct Network {
  explicit Network(torch::Dtype dtype, int64_t depth = 4) {
    torch::manual_seed(7);
    for (int64_t i = 0; i < depth; ++i) {
      add("weight" + std::to_string(i), torch::randn({kWidth, kWidth}) / std::sqrt(double(kWidth)), dtype);
      add("bias" + std::to_string(i), torch::randn({kWidth}) / 10, dtype);
    }
    inputs = here(torch::randn({kSamples, kWidth}, torch::kFloat64));
    // Uneven: sample i keeps about i / kSamples of its outputs, so ranks differ in their counts (G8).
    mask = here(torch::rand({kSamples, kWidth}) < torch::arange(1, kSamples + 1).unsqueeze(1) / double(kSamples));
  }

  void add(const std::string& name, const Tensor& values, torch::Dtype dtype) {
    parameters.push_back({name, parameter_of(values.to(dtype))});
  }

  Tensor local_sum(int64_t first, int64_t count, bool skip_last = false) const {
    const auto dtype = parameters[0].tensor.scalar_type();
    Tensor hidden = inputs.narrow(0, first, count).to(dtype);
    for (size_t i = 0; i + 1 < parameters.size() - (skip_last ? 2 : 0); i += 2) {
      hidden = torch::tanh(torch::matmul(hidden, parameters[i].tensor.t()) + parameters[i + 1].tensor);
    }
    // The first weight is used twice: its gradient has two contributions, its hook must fire once.
    hidden = torch::matmul(hidden, parameters[0].tensor);
    return (hidden.square() * mask.narrow(0, first, count)).sum();
  }
  double global_count() const { return mask.sum().item<double>(); }

  Tensor flat_grads() const {
    std::vector<Tensor> grads;
    for (const auto& parameter : parameters) {
      grads.push_back(parameter.tensor.grad().reshape(-1).to(torch::kFloat64));
    }
    return torch::cat(grads);
  }
  Tensor oracle() const {
    std::vector<Tensor> leaves, grads;
    for (const auto& parameter : parameters) { leaves.push_back(parameter.tensor); }
    for (const auto& grad : torch::autograd::grad({local_sum(0, kSamples) / global_count()}, leaves)) {
      grads.push_back(grad.reshape(-1).to(torch::kFloat64));
    }
    return torch::cat(grads);
  }

  std::vector<NamedTensor> parameters;
  Tensor inputs, mask;
};

double relative_error(const Tensor& a, const Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

int64_t per_rank() { return kSamples / mpi_world().size(); }

/// One update of this rank's share of the samples, in so many micro-batches.
void update(const Network& network, GradientReducer& reducer, int64_t micro_batches = 1) {
  const int64_t each = per_rank() / micro_batches;
  for (int64_t i = 0; i < micro_batches; ++i) {
    reducer.begin(i + 1 == micro_batches);
    const int64_t first = mpi_world().rank() * per_rank() + i * each;
    (network.local_sum(first, each) / network.global_count()).backward();
  }
  reducer.finish();
}

// Two parameters a bucket at most, so that several buckets are under way.
constexpr ReducerConfig kSmall{.first_bucket_bytes = 1, .bucket_bytes = 3000};

struct Case {
  torch::Dtype dtype;
  double tolerance;
  ReducerConfig config;
};

class EqualsOneProcess : public ::testing::TestWithParam<Case> {};

TEST_P(EqualsOneProcess, WithUnevenMaskCounts) {
  const Network network(GetParam().dtype);
  const Tensor expected = network.oracle();
  GradientReducer reducer(network.parameters, mpi_world().group(), GetParam().config);
  for (int i = 0; i < 3; ++i) {  // before, with and after the new arrangement of buckets
    update(network, reducer);
    EXPECT_LE(relative_error(network.flat_grads(), expected), GetParam().tolerance) << "update " << i;
    reducer.zero();
  }
}

TEST_P(EqualsOneProcess, WithAccumulation) {
  const Network network(GetParam().dtype);
  const Tensor expected = network.oracle();
  GradientReducer reducer(network.parameters, mpi_world().group(), GetParam().config);
  for (int i = 0; i < 3; ++i) {
    update(network, reducer, 2);
    EXPECT_LE(relative_error(network.flat_grads(), expected), GetParam().tolerance) << "update " << i;
    reducer.zero();
  }
}

INSTANTIATE_TEST_SUITE_P(Types, EqualsOneProcess,
                         ::testing::Values(Case{torch::kFloat32, 1e-6, {}}, Case{torch::kFloat32, 1e-6, kSmall},
                                           Case{torch::kFloat64, 1e-12, {}}, Case{torch::kFloat64, 1e-12, kSmall}));

TEST(GradientReducer, WithoutZeroUpdatesAddToSumsOfAllRanks) {
  // What finish() leaves is what the next backward accumulates into: zero() between updates is the caller's. After one
  // update every rank holds the sum g; after two, size times g of the first and g of the second.
  const Network network(torch::kFloat64);
  const Tensor sum = network.oracle();
  GradientReducer reducer(network.parameters, mpi_world().group());
  update(network, reducer);
  EXPECT_LE(relative_error(network.flat_grads(), sum), 1e-12);
  update(network, reducer);
  EXPECT_LE(relative_error(network.flat_grads(), sum * (mpi_world().size() + 1)), 1e-12);
  reducer.zero();
  EXPECT_EQ(network.flat_grads().norm().item<double>(), 0.0);
}

TEST(GradientReducer, Bf16ParametersGetFp32GradientsThatKeepSmallParts) {
  Network network(torch::kBFloat16);
  GradientReducer reducer(network.parameters, mpi_world().group(), kSmall);
  update(network, reducer, 2);
  for (const auto& parameter : network.parameters) {
    EXPECT_EQ(parameter.tensor.grad().scalar_type(), torch::kFloat32);
  }
  // Against the same network in fp64 on the same (rounded) values: the forward pass alone is in bf16.
  Network exact(torch::kFloat64);
  for (size_t i = 0; i < exact.parameters.size(); ++i) {
    exact.parameters[i].tensor.set_data(network.parameters[i].tensor.to(torch::kFloat64));
  }
  EXPECT_LE(relative_error(network.flat_grads(), exact.oracle()), 0.03);

  // 1 + 2^-12 + ... is lost in bf16 and kept in fp32.
  const auto weight = parameter_of(torch::ones({8}, torch::kBFloat16));
  GradientReducer small({{"weight", weight}}, mpi_world().group());
  for (int i = 0; i < 2; ++i) {
    small.begin(i == 1);
    (weight * (i == 0 ? 1.0 : 1.0 / 4096)).sum().backward();
  }
  small.finish();
  const double expected = double(mpi_world().size()) * (1.0 + 1.0 / 4096);
  EXPECT_EQ(weight.grad().to(torch::kFloat64).min().item<double>(), expected);
  EXPECT_EQ(weight.grad().to(torch::kFloat64).max().item<double>(), expected);
}

TEST(GradientReducer, ParametersThatNoRankUsesAreNamedAndZero) {
  const Network network(torch::kFloat64);
  GradientReducer reducer(network.parameters, mpi_world().group(), kSmall);
  for (int i = 0; i < 2; ++i) {
    reducer.begin(true);
    network.local_sum(0, 2, /*skip_last=*/true).backward();
    reducer.finish();
    EXPECT_THAT(reducer.unused(), ElementsAre("weight3", "bias3"));
    EXPECT_EQ(network.parameters[6].tensor.grad().norm().item<double>(), 0.0);
    reducer.zero();
  }
  update(network, reducer);
  EXPECT_THAT(reducer.unused(), IsEmpty());
  EXPECT_LE(relative_error(network.flat_grads(), network.oracle()), 1e-12);
}

TEST(GradientReducer, AParameterUsedOnOneRankOnlyIsSummedOnAll) {
  auto& world = mpi_world();
  const Network network(torch::kFloat64);
  GradientReducer reducer(network.parameters, world.group(), kSmall);
  for (int i = 0; i < 2; ++i) {
    const bool uses = world.rank() == world.size() - 1;
    reducer.begin(true);
    network.local_sum(0, 2, !uses).backward();
    reducer.finish();
    EXPECT_THAT(reducer.unused(), IsEmpty());
    const auto& weight = network.parameters[6].tensor;
    const auto expected = torch::autograd::grad({network.local_sum(0, 2)}, {weight})[0];
    EXPECT_LE(relative_error(weight.grad(), expected), 1e-12);
    reducer.zero();
  }
}

TEST(GradientReducer, AParameterUsedInAnEarlierMicroBatchOnlyIsNotUnused) {
  const Network network(torch::kFloat64);
  GradientReducer reducer(network.parameters, mpi_world().group(), kSmall);
  reducer.begin(false);
  network.local_sum(0, 2).backward();
  reducer.begin(true);
  network.local_sum(0, 2, true).backward();
  reducer.finish();
  EXPECT_THAT(reducer.unused(), IsEmpty());
  const auto& weight = network.parameters[6].tensor;
  const auto expected = torch::autograd::grad({network.local_sum(0, 2)}, {weight})[0] * mpi_world().size();
  EXPECT_LE(relative_error(weight.grad(), expected), 1e-12);
}

TEST(GradientReducer, RefusesAGradientThatWasReplaced) {
  const Network network(torch::kFloat32);
  GradientReducer reducer(network.parameters, mpi_world().group());
  network.parameters[2].tensor.mutable_grad() = torch::Tensor();
  reducer.begin(true);
  try {
    network.local_sum(0, 2).backward();
    FAIL() << "weight1's gradient lies outside of its bucket";
  } catch (const std::exception& error) {
    EXPECT_NE(std::string(error.what()).find("weight1"), std::string::npos) << error.what();
  }
  // All ranks failed alike; what was on its way still ends.
  reducer.finish();
}

TEST(GradientReducer, RefusesTwoPassesInTheSynchronisedOne) {
  const Network network(torch::kFloat32);
  GradientReducer reducer(network.parameters, mpi_world().group());
  reducer.begin(true);
  network.local_sum(0, 2).backward();
  EXPECT_ANY_THROW(network.local_sum(0, 2).backward());
  reducer.finish();
  EXPECT_THROW(reducer.finish(), Error);
}

TEST(GradientReducer, RefusesParametersThatItCannotReduce) {
  auto& group = mpi_world().group();
  const auto weight = parameter_of(torch::ones({2}));
  EXPECT_THROW(GradientReducer({}, group), Error);
  EXPECT_THROW(GradientReducer({{"frozen", here(torch::ones({2}))}}, group), Error);
  EXPECT_THROW(GradientReducer({{"a", weight}, {"a", parameter_of(torch::ones({2}))}}, group), Error);
  const GradientReducer first({{"a", weight}}, group);
  EXPECT_THROW(GradientReducer({{"a", weight}}, group), Error);
}

TEST(GradientReducer, RefusesModelsThatDifferBetweenRanks) {
  auto& world = mpi_world();
  if (world.size() < 2) { GTEST_SKIP() << "needs two ranks"; }
  const auto weight = parameter_of(torch::ones({2 + world.rank()}));
  EXPECT_THROW(GradientReducer({{"weight", weight}}, world.group()), Error);
}

TEST(GradientReducer, BucketsFollowRankZerosOrderOfReadiness) {
  const Network network(torch::kFloat32);
  GradientReducer reducer(network.parameters, mpi_world().group(), kSmall);
  EXPECT_THAT(reducer.layout(), IsEmpty());
  update(network, reducer);
  const auto layout = reducer.layout();
  std::vector<std::string> order;
  for (const auto& names : layout) { order.insert(order.end(), names.begin(), names.end()); }
  ASSERT_EQ(order.size(), network.parameters.size());
  EXPECT_EQ(order.back(), "weight0") << "used first and last: ready at the very end";
  EXPECT_GT(layout.size(), 2u);
}

TEST(GradientReducer, ASavedLayoutGivesTheSameBits) {
  const Network network(torch::kFloat32);
  BucketLayout layout;
  Tensor expected;
  {
    GradientReducer reducer(network.parameters, mpi_world().group(), kSmall);
    update(network, reducer);
    layout = reducer.layout();
    reducer.zero();
    update(network, reducer);
    expected = torch::cat(reducer.flat_gradients()).clone();
  }
  GradientReducer resumed(network.parameters, mpi_world().group());
  resumed.set_layout(layout);
  EXPECT_EQ(resumed.layout(), layout);
  update(network, resumed);
  EXPECT_EQ(resumed.layout(), layout) << "not arranged anew";
  EXPECT_TRUE(torch::equal(torch::cat(resumed.flat_gradients()), expected));
}

TEST(GradientReducer, RefusesALayoutOfAnotherModel) {
  const Network network(torch::kFloat32, 1);
  GradientReducer reducer(network.parameters, mpi_world().group());
  EXPECT_THROW(reducer.set_layout({{"weight0"}}), Error);
  EXPECT_THROW(reducer.set_layout({{"weight0", "bias0", "other"}}), Error);
  EXPECT_THROW(reducer.set_layout({{"weight0"}, {"weight0", "bias0"}}), Error);
  reducer.set_layout({{"bias0"}, {"weight0"}});
  EXPECT_THAT(reducer.layout(), ElementsAre(ElementsAre("bias0"), ElementsAre("weight0")));
}

TEST(GradientReducer, GradientsAreViewsOfTheFlatBuckets) {
  const Network network(torch::kFloat32);
  GradientReducer reducer(network.parameters, mpi_world().group(), kSmall);
  update(network, reducer);
  double squares = 0;
  for (const auto& flat : reducer.flat_gradients()) {
    EXPECT_EQ(flat.dim(), 1);
    squares += flat.square().sum().item<double>();
  }
  EXPECT_NEAR(std::sqrt(squares), network.flat_grads().norm().item<double>(), 1e-5);
  for (const auto& flat : reducer.flat_gradients()) { flat.mul_(0.5); }
  EXPECT_NEAR(network.flat_grads().norm().item<double>(), 0.5 * std::sqrt(squares), 1e-5);
}

TEST(GradientReducer, LeavesParametersInOrderBehind) {
  const Network network(torch::kFloat32, 1);
  { const GradientReducer reducer(network.parameters, mpi_world().group()); }
  network.local_sum(0, 2).backward();  // no hook of a reducer that is gone
  EXPECT_TRUE(network.parameters[0].tensor.grad().defined());
}

TEST(GradientReducer, ReduceSumsAnyTensorsInPlace) {
  auto& world = mpi_world();
  GradientReducer reducer({{"w", parameter_of(torch::ones({1}))}}, world.group());
  const auto mine = double(world.rank() + 1), all = double(world.size() * (world.size() + 1) / 2);
  for (int i = 0; i < 2; ++i) {
    const std::vector<Tensor> tensors = {here(torch::full({3, 5}, mine)), here(torch::full({2}, mine, torch::kFloat64)),
                                         here(torch::full({4, 4}, mine)).t(), here(torch::full({}, mine)),
                                         here(torch::zeros({0}))};
    reducer.reduce(tensors);
    for (const auto& tensor : tensors) { EXPECT_TRUE(torch::all(tensor == all).item<bool>()) << tensor; }
  }
}

TEST(GradientReducer, CountsItsBytes) {
  auto& world = mpi_world();
  const auto weight = parameter_of(torch::ones({1000}));
  GradientReducer reducer({{"w", weight}}, world.group());
  const double before = telemetry::counter("allreduce_bytes_total").value();
  reducer.begin(true);
  weight.sum().backward();
  reducer.finish();
  const double bytes = telemetry::counter("allreduce_bytes_total").value() - before;
  if (world.size() == 1) {
    EXPECT_EQ(bytes, 0);
  } else {
    EXPECT_THAT(bytes, ::testing::AllOf(::testing::Ge(4000), ::testing::Le(4200)));
  }
}

}  // namespace
}  // namespace realface::distributed
