#include "checkpoints/saver.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/telemetry.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/manifest.h"
#include "distributed/self_communicator.h"
#include "tests/checkpoints/fake_state.h"
#include "tests/checkpoints/thread_group.h"

namespace realface::checkpoints {
namespace {

using fake::every_step;
using fake::provenance;
using fake::State;

class SaverTest : public testing::Test {
 protected:
  Saver saver(State& state, int keep = 3) {
    return {every_step(keep), folder_.path().string(), *self_, provenance(), state.parts()};
  }
  void save(State& state, int64_t step) {
    state.fill(step);
    auto s = saver(state);
    s.save(step);
    s.wait();
  }

  fake::Folder folder_;
  std::unique_ptr<distributed::Communicator> self_ = distributed::make_self_communicator();
};

TEST_F(SaverTest, RestoresEveryKindOfTensorToTheLastBit) {
  State saved;
  saved.fill(3);
  saved.exact[0][0] = std::nan("17");
  auto first = saver(saved);
  first.save(3);
  first.wait();
  EXPECT_EQ(first.last_saved(), 3);

  State live;
  live.matrix.requires_grad_();
  EXPECT_EQ(saver(live).resume_latest(), 3);
  EXPECT_EQ(std::memcmp(live.exact.data_ptr(), saved.exact.data_ptr(), live.exact.nbytes()), 0);
  saved.exact[0][0] = live.exact[0][0] = 0;
  EXPECT_TRUE(live.turned.equal(saved.turned));
  EXPECT_TRUE(live.half.equal(saved.half));
  EXPECT_TRUE(live.flags.equal(saved.flags));
  EXPECT_TRUE(live.rows.equal(saved.rows));
  EXPECT_TRUE(live.matrix.equal(saved.matrix));
  EXPECT_EQ(live.scalar.item<int64_t>(), 3);
  EXPECT_EQ(live.model.cursor, 21);
  EXPECT_EQ(live.optimizer.cursor, 33);
}

TEST_F(SaverTest, AnEmptyRunFolderHoldsNothingToResume) {
  State state;
  EXPECT_EQ(saver(state).resume_latest(), std::nullopt);
}

TEST_F(SaverTest, UpdatesAfterSaveDoNotReachTheCheckpoint) {
  State state;
  auto s = saver(state);
  for (int64_t step = 1; step <= 5; ++step) {
    state.fill(step);
    s.save(step);
    state.fill(100 + step);  // while the thread may still write
    EXPECT_TRUE(s.due(step + 1));
  }
  s.wait();
  State live;
  EXPECT_EQ(saver(live).resume_latest(), 5);
  EXPECT_TRUE(live.is(5));
}

TEST_F(SaverTest, TheDestructorCompletesASaveInFlight) {
  State state;
  state.fill(2);
  { saver(state).save(2); }
  State live;
  EXPECT_EQ(saver(live).resume_latest(), 2);
  EXPECT_TRUE(live.is(2));
}

TEST_F(SaverTest, KeepsTheNewestSoundOnesAndRemovesOlder) {
  State state;
  for (int64_t step = 1; step <= 6; ++step) { save(state, step); }
  EXPECT_EQ(Folder(folder_.path()).steps(), (std::vector<int64_t>{6, 5, 4}));
}

TEST_F(SaverTest, ADamagedCheckpointDoesNotCountAsKept) {
  State state;
  for (int64_t step = 1; step <= 3; ++step) { save(state, step); }
  fake::flip(folder_.step(3) / "rank-0000.safetensors", 900);
  save(state, 4);
  EXPECT_EQ(Folder(folder_.path()).steps(), (std::vector<int64_t>{4, 3, 2, 1}));
  save(state, 5);
  EXPECT_EQ(Folder(folder_.path()).steps(), (std::vector<int64_t>{5, 4, 3, 2}));
}

TEST_F(SaverTest, ASecondSaveOfAStepIsNotASecondCheckpoint) {
  State state;
  state.fill(4);
  auto s = saver(state);
  s.save(4);
  s.save(4);
  s.wait();
  state.fill(5);
  s.save(4);
  s.wait();
  State live;
  EXPECT_EQ(saver(live).resume_latest(), 4);
  EXPECT_TRUE(live.is(4));
}

TEST_F(SaverTest, WritesOverADamagedCheckpointOfTheSameStepAndKeepsItAside) {
  State state;
  save(state, 1);
  save(state, 2);
  fake::flip(folder_.step(2) / "rank-0000.safetensors", 900);
  auto s = saver(state);
  EXPECT_EQ(s.resume_latest(), 1);
  state.fill(2);
  s.save(2);
  s.wait();
  EXPECT_TRUE(std::filesystem::exists(folder_.step(2).string() + ".damaged-1"));
  State live;
  EXPECT_EQ(saver(live).resume_latest(), 2);
  EXPECT_TRUE(live.is(2));
}

TEST_F(SaverTest, RefusesToKeepFewerThanTwo) {
  State state;
  EXPECT_THROW(saver(state, 1), ConfigError);
}

TEST_F(SaverTest, RefusesTwoTensorsOfOneName) {
  State state;
  fake::FakePart doubled("model.other", {replicated("w", state.matrix), replicated("w", state.exact)});
  Saver s(every_step(), folder_.path().string(), *self_, provenance(), {&doubled});
  EXPECT_THROW(s.save(1), CheckpointError);
}

TEST_F(SaverTest, CountsStallAndSuccess) {
  const auto saved = telemetry::counter("checkpoint_total{result=\"saved\"}").value();
  const auto stall = telemetry::phase_seconds(telemetry::Phase::checkpoint_stall);
  State state;
  save(state, 1);
  EXPECT_EQ(telemetry::counter("checkpoint_total{result=\"saved\"}").value(), saved + 1);
  EXPECT_GT(telemetry::phase_seconds(telemetry::Phase::checkpoint_stall), stall);
  EXPECT_GT(telemetry::gauge("checkpoint_last_success_timestamp_seconds").value(), 1.7e9);
}

void save_with(const fake::Folder& folder, int ranks, int64_t step) {
  fake::with_ranks(ranks, [&](distributed::Communicator& group) {
    State state(group.rank(), group.size());
    state.fill(step);
    Saver s(every_step(), folder.path().string(), group, provenance(), state.parts());
    s.save(step);
    s.wait();
  });
}

void expect_loads_with(const fake::Folder& folder, int ranks, int64_t step) {
  fake::with_ranks(ranks, [&](distributed::Communicator& group) {
    State state(group.rank(), group.size());
    Saver s(every_step(), folder.path().string(), group, provenance(), state.parts());
    EXPECT_EQ(s.resume_latest(), step);
    EXPECT_TRUE(state.is(step)) << "rank " << group.rank() << " of " << ranks;
  });
}

TEST_F(SaverTest, LoadsAtAnyWorldSizeWhatAnyOtherSaved) {
  int64_t step = 0;
  for (const int saving : {2, 1, 3, 4}) {
    for (const int loading : {3, 2, 1, 4}) {
      save_with(folder_, saving, ++step);
      expect_loads_with(folder_, loading, step);
    }
  }
}

TEST_F(SaverTest, EveryReplicatedTensorIsWrittenOnceAndRanksShareTheBytes) {
  save_with(folder_, 2, 1);
  const auto manifest = read_manifest(folder_.step(1));
  EXPECT_EQ(manifest.provenance.crops, nlohmann::json({{"margin", 1.3}}));
  ASSERT_EQ(manifest.files.size(), 2u);
  EXPECT_EQ(manifest.pieces.size(), 7u + 2u);
  std::array<uint64_t, 2> bytes{};
  for (const auto& piece : manifest.pieces) { bytes.at(piece.file) += piece.end - piece.begin; }
  EXPECT_NEAR(static_cast<double>(bytes[0]), static_cast<double>(bytes[1]), 96);
}

}  // namespace
}  // namespace realface::checkpoints
