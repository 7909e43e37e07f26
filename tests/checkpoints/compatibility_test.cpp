#include "checkpoints/compatibility.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "distributed/self_communicator.h"
#include "tests/checkpoints/fake_state.h"

namespace realface::checkpoints {
namespace {

using fake::State;

class CompatibilityTest : public testing::Test {
 protected:
  CompatibilityTest() {
    State state;
    state.fill(1);
    Saver saver(fake::every_step(), folder_.path().string(), *self_, fake::provenance(), state.parts());
    saver.save(1);
    saver.wait();
  }
  std::string refusal(const Provenance& provenance, const std::vector<Part*>& parts) {
    try {
      Saver(fake::every_step(), folder_.path().string(), *self_, provenance, parts).resume_latest();
    } catch (const CheckpointError& error) { return error.what(); }
    return "";
  }
  std::string refusal(const Provenance& provenance) {
    State state;
    return refusal(provenance, state.parts());
  }

  fake::Folder folder_;
  std::unique_ptr<distributed::Communicator> self_ = distributed::make_self_communicator();
};

TEST_F(CompatibilityTest, AnotherArchitectureIsRefusedWithWhatDiffersAndLeavesTheStateAlone) {
  State state;
  state.matrix.fill_(42);
  const auto wide = at::zeros({9, 5});
  const auto extra = at::zeros({1});
  fake::FakePart other("model.net", {replicated("matrix", wide), replicated("extra", extra)});
  const auto message = refusal(fake::provenance(), {&other, &state.optimizer});
  EXPECT_NE(message.find("step-1] is a checkpoint of another architecture: "), std::string::npos) << message;
  EXPECT_NE(message.find("model.net/matrix: F32[7,5] in the checkpoint, F32[9,5] in this run"), std::string::npos)
      << message;
  EXPECT_NE(message.find("model.net/extra: F32[1] in this run, absent in the checkpoint"), std::string::npos);
  EXPECT_NE(message.find(" more"), std::string::npos) << "only the first few of many";
  EXPECT_EQ(wide.abs().sum().item<float>(), 0);
}

TEST_F(CompatibilityTest, AMissingPartIsRefused) {
  State state;
  const auto message = refusal(fake::provenance(), {&state.model});
  EXPECT_NE(message.find("part optimizer: present in the checkpoint, absent in this run"), std::string::npos)
      << message;
}

TEST_F(CompatibilityTest, AnotherBatchIsRefusedByName) {
  auto changed = fake::provenance();
  changed.config["train"]["batch"] = 8;
  const auto message = refusal(changed);
  EXPECT_NE(message.find("train.batch: 4 in the checkpoint, 8 in this run"), std::string::npos) << message;
}

TEST_F(CompatibilityTest, AnotherDatasetIsRefused) {
  auto changed = fake::provenance();
  changed.dataset_digest = "data-2";
  EXPECT_NE(refusal(changed).find("dataset digest: data-1 in the checkpoint, data-2"), std::string::npos);
}

TEST_F(CompatibilityTest, WhereAndHowLongARunGoesMayChange) {
  auto changed = fake::provenance();
  changed.config["run"]["dir"] = "moved";
  changed.config["train"]["steps"] = 200;
  changed.config["world"]["threads"] = 3;
  changed.config["metrics"] = {{"port", 9000}};
  changed.code_version = "v2";
  EXPECT_EQ(refusal(changed), "");
}

TEST_F(CompatibilityTest, AKeyThatIsNewerThanTheCheckpointMustHaveItsDefault) {
  auto newer = fake::provenance();
  newer.config["train"]["momentum"] = 0.9;
  newer.defaults["train"]["momentum"] = 0.9;
  EXPECT_EQ(refusal(newer), "");
  newer.config["train"]["momentum"] = 0.5;
  EXPECT_NE(refusal(newer).find("train.momentum: 0.9 in the checkpoint, 0.5 in this run"), std::string::npos);
}

}  // namespace
}  // namespace realface::checkpoints
