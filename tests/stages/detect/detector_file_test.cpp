#include "stages/detect/detector_file.h"

#include <ATen/ops/randint.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/sha256.h"
#include "models/cnn/description.h"
#include "models/weights/tensor_file.h"
#include "stages/detect/person_scores.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

Detector plain_network() {
  const models::CnnConfig config{.image = 32, .width = 4};
  const auto network = std::make_shared<models::CnnImpl>(config, 7);
  network->eval();
  Detector detector{{}, {}, torch::kCPU, {{"size", 32}}, {{"limits", "none"}}, {}, {}};
  detector.networks.add(
      "cnn", {.module = network, .frozen = true, .source = "seed 7", .description = models::describe(config)});
  detector.branches = branches_of(detector.networks, torch::kCPU);
  torch::manual_seed(1);
  detector.test_faces = at::randint(256, {3, 32, 32, 3}, torch::kUInt8);
  detector.test_scores = score_frames(detector.branches, detector.test_faces).p_fake;
  return detector;
}

TEST(DetectorFile, GivesTheSameDetectorBack) {
  const TemporaryFolder folder;
  auto written = plain_network();
  written.calibration = {.known = true, .temperature = 2, .split = "val"};
  write_detector(folder.path() / "a", written);
  const auto read = read_detector(folder.path() / "a", torch::kCPU);
  const auto faces = at::randint(256, {5, 32, 32, 3}, torch::kUInt8);
  EXPECT_TRUE(at::equal(score_frames(read.branches, faces).p_fake, score_frames(written.branches, faces).p_fake));
  EXPECT_EQ(read.crops, written.crops);
  EXPECT_EQ(read.card, written.card);
  EXPECT_EQ(read.calibration.temperature, 2);
  EXPECT_EQ(read.networks.entry("cnn").source, "seed 7");
  EXPECT_TRUE(at::equal(read.test_faces, written.test_faces));
  EXPECT_TRUE(at::equal(read.test_scores, written.test_scores));
}

TEST(DetectorFile, WithAnyOtherByteIsRefused) {
  const TemporaryFolder folder;
  auto detector = plain_network();
  const auto path = folder.path() / "a";
  write_detector(path, detector);
  const auto bytes = read_file(path);
  for (size_t place = 0; place < bytes.size(); place += 1 + place / 40) {
    if (bytes[place] == ' ' && bytes.find_first_not_of(' ', place) > place + 1) { continue; }  // the header's padding
    auto other = bytes;
    other[place] = static_cast<char>(other[place] ^ 1);
    publish_file(path, other);
    EXPECT_THROW(read_detector(path, torch::kCPU), Error) << "byte " << place << " of " << bytes.size();
  }
}

/// What is wrong with a file, as read_detector says it.
std::string fault_of(const std::filesystem::path& path) {
  try {
    read_detector(path, torch::kCPU);
  } catch (const Error& error) { return error.what(); }
  return "nothing";
}

TEST(DetectorFile, WhoseSelfTestComesOutOtherwiseIsRefused) {
  const TemporaryFolder folder;
  auto off = plain_network();
  off.test_scores = off.test_scores + 0.01;
  write_detector(folder.path() / "a", off);
  EXPECT_THAT(fault_of(folder.path() / "a"), testing::HasSubstr("does not score its own self-test as it did"));
}

TEST(DetectorFile, OfAnotherKindIsRefused) {
  const TemporaryFolder folder;
  models::write_tensor_file(folder.path() / "weights", {{{"a", at::zeros({1})}}, {}});
  EXPECT_THAT(fault_of(folder.path() / "weights"), testing::HasSubstr("is no detector file"));
  models::write_tensor_file(folder.path() / "newer", {{{"a", at::zeros({1})}}, {{"realface_detector", "2"}}});
  EXPECT_THAT(fault_of(folder.path() / "newer"), testing::HasSubstr("of format 2"));
}

/// Changes the facts of a file and gives them their digest.
void change_facts(const std::filesystem::path& path, const std::function<void(nlohmann::json&)>& change) {
  auto file = models::read_tensor_file(path);
  auto facts = nlohmann::json::parse(file.metadata.at("facts"));
  change(facts);
  file.metadata["facts"] = facts.dump();
  file.metadata["facts_sha256"] = sha256_hex(facts.dump());
  models::write_tensor_file(path, file);
}

TEST(DetectorFile, OfOddFactsIsRefusedByName) {
  using Change = std::function<void(nlohmann::json&)>;
  const std::vector<Change> changes{
      [](auto& facts) { facts.erase("crops"); },
      [](auto& facts) { facts["crops"] = nullptr; },
      [](auto& facts) { facts["networks"] = nlohmann::json::object(); },
      [](auto& facts) { facts["networks"]["oracle"] = facts["networks"]["cnn"]; },
      [](auto& facts) { facts["networks"]["cnn"]["description"]["width"] = "wide"; },
      [](auto& facts) { facts["networks"]["cnn"]["description"]["width"] = 5; },
      [](auto& facts) {
        facts["calibration"] = {{"temperature", 1}};
      },
      [](auto& facts) { facts.erase("self_test"); },
      [](auto& facts) { facts = nlohmann::json::array(); },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    const TemporaryFolder folder;
    auto detector = plain_network();
    write_detector(folder.path() / "a", detector);
    change_facts(folder.path() / "a", changes[i]);
    EXPECT_THROW(read_detector(folder.path() / "a", torch::kCPU), Error) << i;
    EXPECT_THAT(fault_of(folder.path() / "a"), testing::HasSubstr((folder.path() / "a").string())) << i;
  }
}

TEST(DetectorFile, WithTensorsThatItDoesNotDescribeIsRefused) {
  const TemporaryFolder folder;
  auto detector = plain_network();
  write_detector(folder.path() / "a", detector);
  auto file = models::read_tensor_file(folder.path() / "a");
  file.tensors["other/weights"] = at::zeros({3});
  models::write_tensor_file(folder.path() / "a", file);
  EXPECT_THAT(fault_of(folder.path() / "a"), testing::HasSubstr("holds 'other/weights'"));
}

TEST(DetectorFile, WithoutFacesToTestWithIsNotWritten) {
  const TemporaryFolder folder;
  auto detector = plain_network();
  detector.test_scores = torch::Tensor();
  EXPECT_THROW(write_detector(folder.path() / "a", detector), Error);
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a"));
}

}  // namespace
}  // namespace realface::stages
