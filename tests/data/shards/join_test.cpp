#include "data/shards/join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "data/shards/dataset.h"
#include "distributed/self_communicator.h"
#include "tests/data/shards/samples.h"

namespace realface::data {
namespace {
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two datasets whose names stand in another order: one shard of four videos, and two of three.
class JoinTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"a", "b"}) { std::filesystem::create_directory(folder_.path() / name); }
    samples::write_dataset(folder_.path() / "a", {.shards = 1, .videos_per_shard = 4, .frames = 2});
    write_other({});
  }
  void write_other(const std::function<void(Manifest&)>& change) {
    const NameTables names{{"FaceSwap", "Other", "Deepfakes"}, {"another", "made-up"}, {"c23", "raw"}};
    auto manifest = samples::write_dataset(folder_.path() / "b", {.videos_per_shard = 3, .frames = 3, .names = names});
    if (!change) { return; }
    change(manifest);
    manifest.save(folder_.path() / "b");
  }
  Folders both() const { return std::vector{(folder_.path() / "a").string(), (folder_.path() / "b").string()}; }
  static std::string refusal_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const DataError& error) { return error.what(); }
    return "nothing was thrown";
  }
  std::string refusal() const {
    return refusal_of([&] { (void)Manifest::load(both()); });
  }

  TemporaryFolder folder_;
};

TEST_F(JoinTest, EveryFrameKeepsItsNamesAndItsBytes) {
  const auto self = distributed::make_self_communicator();
  const auto joined = Dataset::open(both(), {"all"}, *self);
  const auto other = Dataset::open(both().paths()[1], {"all"}, *self);
  const auto& names = joined->manifest().names;
  EXPECT_THAT(names.manip, ElementsAre("Deepfakes", "FaceSwap", "Other"));
  EXPECT_THAT(names.dataset, ElementsAre("made-up", "another"));
  EXPECT_THAT(names.compression, ElementsAre("raw", "c23"));
  ASSERT_EQ(joined->manifest().frames(), 8 + 18);
  // Video 3 of each is of FaceSwap, video 5 of Deepfakes (samples::video).
  const auto manip = [&](size_t shard, size_t video) {
    return names.manip.at(static_cast<size_t>(joined->table(shard)->manip[video]));
  };
  EXPECT_EQ(manip(0, 1), "Deepfakes");
  EXPECT_EQ(manip(0, 3), "FaceSwap");
  EXPECT_EQ(manip(1, 1), "Deepfakes");
  EXPECT_EQ(manip(2, 0), "FaceSwap");
  EXPECT_EQ(joined->table(2)->manip[1], -1);  // a real one
  EXPECT_EQ(joined->table(2)->dataset[0], 0);
  for (uint64_t frame = 0; frame < 18; ++frame) {
    const auto here = joined->range_of(8 + frame), there = other->range_of(frame);
    ASSERT_EQ(here.shard, there.shard + 1);
    std::vector<char> bytes(here.size()), expected(there.size());
    joined->file(here.shard).read(here.begin, bytes.data(), bytes.size());
    other->file(there.shard).read(there.begin, expected.data(), expected.size());
    EXPECT_EQ(bytes, expected) << frame;
  }
}

TEST_F(JoinTest, TheDigestIsThatOfBothInTheirOrder) {
  const auto joined = Manifest::load(both());
  EXPECT_EQ(joined.digest(), Manifest::load(both()).digest());
  const Folders swapped = std::vector{both().paths()[1], both().paths()[0]};
  EXPECT_NE(joined.digest(), Manifest::load(swapped).digest());
  EXPECT_EQ(Manifest::load(std::vector{both().paths()[0]}).digest(), Manifest::load(both().paths()[0]).digest());
  write_other([](Manifest& other) { other.shards.back().digest[0] ^= 1; });
  EXPECT_NE(joined.digest(), Manifest::load(both()).digest());
}

TEST_F(JoinTest, FacesThatWereCutOutInTwoWaysAreNoDataset) {
  const auto crops = [](const char* key, const char* value) {
    return [=](Manifest& other) { other.config["preprocess"][key] = value; };
  };
  write_other(crops("compression", "c23"));
  EXPECT_EQ(refusal(), "nothing was thrown");
  EXPECT_FALSE(Manifest::load(both()).crops().contains("compression"));
  write_other(crops("align", "similarity"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr(both().paths()[0]), HasSubstr(both().paths()[1]), HasSubstr("similarity"),
                               HasSubstr("preprocess both with the same options")));
  samples::write_dataset(folder_.path() / "b", {.size = 64});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("\"height\":32"), HasSubstr("\"height\":64")));
}

TEST_F(JoinTest, ADatasetIsTakenOnce) {
  const Folders twice = std::vector{both().paths()[0], both().paths()[0]};
  EXPECT_THAT(refusal_of([&] { (void)Manifest::load(twice); }), HasSubstr("was listed before"));
  EXPECT_THAT(refusal_of([&] { (void)Manifest::load(std::vector<std::string>{}); }), HasSubstr("names no folder"));
}

TEST_F(JoinTest, AShardWithANameThatItsManifestLacksIsRefused) {
  write_other([](Manifest& other) { other.names.manip.pop_back(); });
  const auto self = distributed::make_self_communicator();
  EXPECT_THAT(refusal_of([&] { (void)Dataset::open(both().paths()[1], {"all"}, *self); }),
              AllOf(HasSubstr("train-0.h5"), HasSubstr("'Deepfakes', which its manifest lacks")));
}

}  // namespace
}  // namespace realface::data
