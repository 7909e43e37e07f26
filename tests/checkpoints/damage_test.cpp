#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/telemetry.h"
#include "checkpoints/verify.h"
#include "distributed/self_communicator.h"
#include "tests/checkpoints/fake_state.h"

namespace realface::checkpoints {
namespace {

namespace fs = std::filesystem;
using fake::State;
using testing::AllOf;
using testing::HasSubstr;

class DamageTest : public testing::Test {
 protected:
  DamageTest() {
    State state;
    Saver saver(fake::every_step(), folder_.path().string(), *self_, fake::provenance(), state.parts());
    for (const int64_t step : {1, 2}) {
      state.fill(step);
      saver.save(step);
      saver.wait();
    }
  }
  /// The step that a resume takes, with its state checked.
  std::optional<int64_t> resumed() {
    State state;
    Saver saver(fake::every_step(), folder_.path().string(), *self_, fake::provenance(), state.parts());
    const auto step = saver.resume_latest();
    EXPECT_TRUE(!step || state.is(*step));
    return step;
  }
  std::string refusal() {
    try {
      resumed();
    } catch (const CheckpointError& error) { return error.what(); }
    return "";
  }
  fs::path rank_file(int64_t step) const { return folder_.step(step) / "rank-0000.safetensors"; }

  fake::Folder folder_;
  std::unique_ptr<distributed::Communicator> self_ = distributed::make_self_communicator();
};

TEST_F(DamageTest, ASoundOneVerifies) {
  EXPECT_TRUE(verify_checkpoint(folder_.path()).empty());
  EXPECT_EQ(resumed(), 2);
}

TEST_F(DamageTest, AFlippedBitInATensorSendsTheResumeToTheCheckpointBefore) {
  const auto failures = telemetry::counter("checkpoint_verify_failures_total").value();
  fake::flip(rank_file(2), fs::file_size(rank_file(2)) - 5, 3);
  EXPECT_EQ(resumed(), 1);
  EXPECT_EQ(telemetry::counter("checkpoint_verify_failures_total").value(), failures + 1);
}

TEST_F(DamageTest, ACutFileSendsTheResumeToTheCheckpointBefore) {
  fs::resize_file(rank_file(2), fs::file_size(rank_file(2)) - 1);
  EXPECT_EQ(resumed(), 1);
}

TEST_F(DamageTest, AnEmptyFileSendsTheResumeToTheCheckpointBefore) {
  fs::resize_file(rank_file(2), 0);
  EXPECT_EQ(resumed(), 1);
}

TEST_F(DamageTest, AMissingFileSendsTheResumeToTheCheckpointBefore) {
  fs::remove(rank_file(2));
  EXPECT_EQ(resumed(), 1);
}

TEST_F(DamageTest, AMissingManifestSendsTheResumeToTheCheckpointBefore) {
  fs::remove(folder_.step(2) / "manifest.json");
  EXPECT_EQ(resumed(), 1);
}

TEST_F(DamageTest, ACutManifestSendsTheResumeToTheCheckpointBefore) {
  fs::resize_file(folder_.step(2) / "manifest.json", 100);
  EXPECT_EQ(resumed(), 1);
}

TEST_F(DamageTest, ACheckpointUnderAnotherStepsNameIsPassedBy) {
  fs::rename(folder_.step(2), folder_.step(9));
  EXPECT_EQ(resumed(), 1) << "its weights are of update 2, not of update 9";
  for (const auto& path : {folder_.path(), folder_.step(9), folder_.step(9) / ""}) {
    const auto faults = verify_checkpoint(path);
    ASSERT_EQ(faults.size(), 1u) << path;
    EXPECT_NE(faults[0].find("holds step 2, so it was renamed; expected the name step-2"), std::string::npos)
        << faults[0];
  }
  fs::rename(folder_.step(9), folder_.path() / "copy");
  EXPECT_TRUE(verify_checkpoint(folder_.path() / "copy").empty()) << "a name of its own claims nothing";
}

// What a later version of the program would write: another format, whole and with a digest that fits.
TEST_F(DamageTest, ANewerFormatIsRefusedAndNotTakenForDamage) {
  const auto path = folder_.step(2) / "manifest.json";
  auto json = nlohmann::json::parse(read_file(path));
  json["version"] = 7;
  json.erase("manifest_sha256");
  json["manifest_sha256"] = sha256_hex(json.dump());
  std::ofstream(path) << json.dump(1) << "\n";
  EXPECT_THAT(refusal(), AllOf(HasSubstr("has format version 7, and this program reads 1"), HasSubstr("newer one")));
  EXPECT_TRUE(fs::exists(folder_.step(2))) << "it is not renamed";

  json["version"] = 8;  // without a digest that fits, a changed digit is damage
  std::ofstream(path) << json.dump(1) << "\n";
  EXPECT_EQ(resumed(), 1);
}

TEST_F(DamageTest, ACheckpointFolderOutOfReachIsRefused) {
  const auto checkpoints = folder_.path() / "checkpoints";
  fs::rename(checkpoints, folder_.path() / "elsewhere");
  fs::create_directory_symlink("/nonexistent/disk", checkpoints);
  EXPECT_THAT(refusal(), HasSubstr("checkpoints] is a link to /nonexistent/disk, which is not there"));
  fs::remove(checkpoints);
  std::ofstream(checkpoints) << "a file";
  EXPECT_THAT(refusal(), HasSubstr("checkpoints] is not a folder"));
  fs::remove(checkpoints);
  fs::create_directory_symlink(folder_.path() / "elsewhere", checkpoints);
  EXPECT_EQ(resumed(), 2) << "a link that leads somewhere is as good as a folder";
}

TEST_F(DamageTest, ARunFolderThatIsMovedEndsTheRun) {
  const auto run = folder_.path() / "run", moved = folder_.path() / "moved";
  for (const bool replaced : {false, true}) {
    fs::create_directories(run);
    State state;
    Saver saver(fake::every_step(), run.string(), *self_, fake::provenance(), state.parts());
    saver.save(1);
    saver.wait();
    fs::rename(run, moved);
    if (replaced) { fs::create_directories(run); }
    try {
      saver.save(2);
      FAIL() << "the run went on in another folder";
    } catch (const CheckpointError& error) {
      EXPECT_THAT(error.what(), HasSubstr("run] was moved, replaced or deleted while the run was writing to it"));
    }
    EXPECT_FALSE(fs::exists(run / "checkpoints"));
    fs::remove_all(run);
    fs::remove_all(moved);
  }
}

TEST_F(DamageTest, FoldersOfOtherNamesAreNoCheckpoints) {
  fs::create_directories(folder_.path() / "checkpoints" / "step-99x");
  fs::create_directories(folder_.path() / "checkpoints" / "step-007");
  std::ofstream(folder_.path() / "checkpoints" / "step-100") << "a file";
  EXPECT_EQ(resumed(), 2);
}

TEST_F(DamageTest, TheHintDoesNotDecide) {
  std::ofstream(folder_.path() / "checkpoints" / "latest") << "step-1\n";
  EXPECT_EQ(resumed(), 2);
}

TEST_F(DamageTest, DoesNotStartOverWhereAllCheckpointsAreDamaged) {
  fs::remove(rank_file(1));
  fs::resize_file(rank_file(2), 10);
  try {
    resumed();
    FAIL() << "a run with damaged checkpoints must not start over";
  } catch (const CheckpointError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("step-1/rank-0000.safetensors] is missing"), std::string::npos) << message;
    EXPECT_NE(message.find("has 10 bytes"), std::string::npos) << message;
  }
}

TEST_F(DamageTest, EveryFlippedBitIsFound) {
  for (const auto& path : {rank_file(2), folder_.step(2) / "manifest.json"}) {
    const auto size = fs::file_size(path);
    // Every byte of the manifest, also the spaces that no parser looks at.
    const uint64_t stride = path.extension() == ".json" ? 1 : 13;
    for (uint64_t offset = 0; offset < size; offset += stride) {
      const int bit = static_cast<int>(offset % 8);
      fake::flip(path, offset, bit);
      EXPECT_FALSE(verify_checkpoint(folder_.step(2)).empty()) << path << " byte " << offset << " bit " << bit;
      fake::flip(path, offset, bit);
    }
  }
  EXPECT_TRUE(verify_checkpoint(folder_.path()).empty());
}

TEST_F(DamageTest, VerifyNamesTheFileAndReportsProgressToTheEnd) {
  fake::flip(rank_file(1), 700);
  uint64_t last = 0;
  uint64_t all = 1;
  const auto faults = verify_checkpoint(folder_.path(), [&](uint64_t done, uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    all = total;
  });
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_NE(faults[0].find("step-1/rank-0000.safetensors"), std::string::npos);
  EXPECT_EQ(last, all);
}

TEST_F(DamageTest, VerifyRefusesAFolderWithoutCheckpoints) {
  const fake::Folder other;
  EXPECT_THROW(verify_checkpoint(other.path()), CheckpointError);
}

}  // namespace
}  // namespace realface::checkpoints
