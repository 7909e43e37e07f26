// Weights that several ranks wrote, and that several read.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/error.h"
#include "checkpoints/saver.h"
#include "distributed/agreement.h"
#include "distributed/self_communicator.h"
#include "models/mae/mae.h"
#include "stages/training/weights.h"
#include "tests/mpi_world.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;
using ::testing::HasSubstr;

constexpr uint64_t kSeed = 5;

models::Set small_set(uint64_t seed) {
  const models::MaeConfig config{.image = 16,
                                 .patch = 4,
                                 .width = 16,
                                 .depth = 1,
                                 .heads = 2,
                                 .decoder_width = 8,
                                 .decoder_depth = 1,
                                 .decoder_heads = 2};
  auto mae = std::make_shared<models::MaeImpl>(config, seed);
  mae->to(mpi_world().device());
  models::Set set;
  set.add("mae", {.module = mae});
  return set;
}

/// A checkpoint of one rank alone, with all weights equal to `step`.
void save_alone(const std::filesystem::path& run_dir, int64_t step) {
  auto set = small_set(kSeed);
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : set.get<models::MaeImpl>("mae")->parameters()) {
      parameter.fill_(static_cast<double>(step));
    }
  }
  const auto alone = distributed::make_self_communicator();
  checkpoints::Saver saver({}, run_dir.string(), *alone, {}, set.parts());
  saver.save(step);
  saver.wait();
}

TEST(LoadWeights, AllRanksTakeTheCheckpointThatTheFirstChooses) {
  auto& host = mpi_world().host_group();
  // What a network file system may do: the first rank does not yet see the newest one.
  const TemporaryFolder folder;
  save_alone(folder.path(), 1);
  if (host.rank() != 0) { save_alone(folder.path(), 2); }
  auto set = small_set(kSeed);
  EXPECT_EQ(load_weights(folder.path(), set, "mae", host).step, 1);
  EXPECT_EQ(set.get<models::MaeImpl>("mae")->named_parameters()["mask_token"].max().item<float>(), 1.0F);
}

TEST(LoadWeights, ARankThatReadsDamageFailsAllOfThem) {
  auto& host = mpi_world().host_group();
  const TemporaryFolder folder;
  save_alone(folder.path(), 1);
  const auto file = folder.path() / "checkpoints" / "step-1" / "rank-0000.safetensors";
  if (host.rank() == host.size() - 1) { std::filesystem::resize_file(file, 100); }
  auto set = small_set(kSeed);
  EXPECT_THROW(load_weights(folder.path(), set, "mae", host), Error);
}

/// A checkpoint that all ranks wrote together, in a folder of rank 0; its path on every rank.
std::filesystem::path save_together(const TemporaryFolder& folder, models::Set& set) {
  auto& host = mpi_world().host_group();
  const std::filesystem::path run_dir = distributed::broadcast_string(host, folder.path().string());
  checkpoints::Saver saver({}, run_dir.string(), host, {}, set.parts());
  saver.save(1);
  saver.wait();
  return run_dir;
}

TEST(LoadWeights, ACheckpointOfAnyNumberOfRanksIsReadWhole) {
  const TemporaryFolder folder;
  auto saved = small_set(kSeed);
  const auto run_dir = save_together(folder, saved);
  auto set = small_set(kSeed + 1);
  load_weights(run_dir / "checkpoints" / "step-1", set, "mae", mpi_world().host_group());
  EXPECT_EQ(set.sha256("mae"), saved.sha256("mae"));
}

TEST(LoadWeights, AFileOfOneOfSeveralRanksNamesTheFolderToGive) {
  const TemporaryFolder folder;
  auto saved = small_set(kSeed);
  const auto step = save_together(folder, saved) / "checkpoints" / "step-1";
  auto set = small_set(kSeed + 1);
  std::string message;
  try {
    load_weights(step / "rank-0000.safetensors", set, "mae", mpi_world().host_group());
  } catch (const Error& error) { message = error.what(); }
  if (mpi_world().size() == 1) {
    EXPECT_EQ(message, "");
  } else {
    EXPECT_THAT(message, HasSubstr("is one rank's share of a checkpoint"));
    EXPECT_THAT(message, HasSubstr("give the whole checkpoint, the folder " + step.string()));
  }
}

TEST(LoadWeights, OtherWeightsOnAnotherRankAreAnErrorOfAll) {
  auto& host = mpi_world().host_group();
  if (host.size() == 1) { GTEST_SKIP() << "needs two ranks"; }
  const TemporaryFolder folder;
  save_alone(folder.path(), 1);
  auto set = small_set(kSeed);
  const auto path = folder.path() / "checkpoints" / "step-1";
  EXPECT_NO_THROW(load_weights(path, set, "mae", host));

  const TemporaryFolder other;
  save_alone(other.path(), host.rank() == host.size() - 1 ? 2 : 1);
  const auto unequal = other.path() / "checkpoints" / (host.rank() == host.size() - 1 ? "step-2" : "step-1");
  EXPECT_THROW(load_weights(unequal, set, "mae", host), Error);
}

}  // namespace
}  // namespace realface::stages
