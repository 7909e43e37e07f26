#include "checkpoints/inspect.h"

#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/safetensors.h"
#include "distributed/self_communicator.h"
#include "models/set.h"
#include "tests/checkpoints/fake_state.h"
#include "tests/checkpoints/thread_group.h"

namespace realface::checkpoints {
namespace {

/// Two layers with a buffer, by names that sort in another order than they were registered.
struct Net : torch::nn::Module {
  explicit Net(double scale) {
    weight = register_parameter("zeta", at::arange(12).view({3, 4}).mul(scale));
    bias = register_parameter("bias", at::arange(3).mul(scale));
    count = register_buffer("count", at::ones({}, torch::kLong));
  }
  torch::Tensor weight, bias, count;
};

class InspectTest : public testing::Test {
 protected:
  void save(models::Set& set, int64_t step) {
    Saver saver(fake::every_step(), folder_.path().string(), *self_, fake::provenance(), set.parts());
    saver.save(step);
    saver.wait();
  }

  fake::Folder folder_;
  std::unique_ptr<distributed::Communicator> self_ = distributed::make_self_communicator();
};

TEST_F(InspectTest, TheDigestIsThatOfTheNetwork) {
  const auto net = std::make_shared<Net>(0.3);
  models::Set set;
  set.add("mae", {net, false, "made here"});
  save(set, 7);
  const auto report = inspect_checkpoint(folder_.path());
  EXPECT_EQ(report.at("kind"), "run");
  EXPECT_EQ(report.at("step"), 7);
  EXPECT_EQ(report.at("world_size"), 1);
  EXPECT_EQ(report.at("parameters"), 16);
  EXPECT_EQ(report.at("config"), fake::provenance().config);
  EXPECT_EQ(report.at("weights_sha256"), models::weights_sha256(*net));
  EXPECT_EQ(inspect_checkpoint(folder_.step(7)).at("weights_sha256"), report.at("weights_sha256"));
}

TEST_F(InspectTest, OtherWeightsHaveAnotherDigest) {
  models::Set set;
  const auto net = std::make_shared<Net>(0.3);
  set.add("mae", {net, false, ""});
  save(set, 1);
  const auto before = inspect_checkpoint(folder_.path()).at("weights_sha256");
  net->bias.detach()[0] += 1;
  save(set, 2);
  const auto report = inspect_checkpoint(folder_.path());
  EXPECT_NE(report.at("weights_sha256"), before);
  EXPECT_EQ(report.at("steps"), nlohmann::json({2, 1}));
}

TEST_F(InspectTest, SeveralNetworksHaveADigestEach) {
  models::Set set;
  const auto a = std::make_shared<Net>(0.3);
  const auto b = std::make_shared<Net>(0.7);
  set.add("a", {a, false, ""});
  set.add("b", {b, false, ""});
  save(set, 1);
  const auto report = inspect_checkpoint(folder_.path());
  EXPECT_EQ(report.at("models").at("a").at("weights_sha256"), models::weights_sha256(*a));
  EXPECT_EQ(report.at("models").at("b").at("weights_sha256"), models::weights_sha256(*b));
  EXPECT_EQ(report.at("parameters"), 32);
}

TEST_F(InspectTest, TheDigestDoesNotDependOnHowManyRanksSaved) {
  std::vector<std::string> digests;
  for (const int ranks : {1, 3}) {
    fake::with_ranks(ranks, [&](distributed::Communicator& group) {
      fake::State state(group.rank(), group.size());
      state.fill(1);
      Saver saver(fake::every_step(), (folder_.path() / std::to_string(ranks)).string(), group, fake::provenance(),
                  state.parts());
      saver.save(1);
      saver.wait();
    });
    digests.push_back(inspect_checkpoint(folder_.path() / std::to_string(ranks)).at("weights_sha256"));
  }
  EXPECT_EQ(digests[0], digests[1]);
}

TEST_F(InspectTest, ADamagedTensorIsNotDigested) {
  models::Set set;
  set.add("mae", {std::make_shared<Net>(0.3), false, ""});
  save(set, 1);
  const auto file = folder_.step(1) / "rank-0000.safetensors";
  fake::flip(file, std::filesystem::file_size(file) - 1);
  EXPECT_THROW(inspect_checkpoint(folder_.path()), CheckpointError);
}

TEST_F(InspectTest, TheRankFileIsASafetensorsFile) {
  models::Set set;
  set.add("mae", {std::make_shared<Net>(0.5), false, ""});
  save(set, 1);
  const std::string bytes = read_file(folder_.step(1) / "rank-0000.safetensors");
  const auto header = safetensors::parse_header(bytes, bytes.size());
  ASSERT_EQ(header.tensors.size(), 3u);
  for (const auto& tensor : header.tensors) {
    if (tensor.name == "model.mae/bias") {
      EXPECT_EQ(tensor.shape, std::vector<int64_t>{3});
      std::array<float, 3> values{};
      std::memcpy(values.data(), bytes.data() + header.data_begin + tensor.begin, sizeof values);
      EXPECT_EQ(values, (std::array<float, 3>{0, 0.5, 1}));
    }
  }
}

TEST_F(InspectTest, TextSaysWhatMattersToPeople) {
  models::Set set;
  set.add("mae", {std::make_shared<Net>(0.5), false, ""});
  save(set, 1200);
  const auto text = checkpoint_text(inspect_checkpoint(folder_.path()));
  EXPECT_NE(text.find("step            1200"), std::string::npos) << text;
  EXPECT_NE(text.find("parameters      16"), std::string::npos) << text;
}

TEST_F(InspectTest, TellsCheckpointsFromOtherFolders) {
  EXPECT_FALSE(is_checkpoint(folder_.path()));
  models::Set set;
  set.add("mae", {std::make_shared<Net>(0.5), false, ""});
  save(set, 1);
  EXPECT_TRUE(is_checkpoint(folder_.path()));
  EXPECT_TRUE(is_checkpoint(folder_.step(1)));
  EXPECT_FALSE(is_checkpoint(folder_.path() / "checkpoints" / "latest"));
}

}  // namespace
}  // namespace realface::checkpoints
