#include "data/shards/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/shards/dataset.h"
#include "data/shards/reader.h"
#include "distributed/self_communicator.h"
#include "tests/data/shards/samples.h"

namespace realface::data {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const DataError& error) { return error.what(); }
  return "nothing was thrown";
}

TEST(Manifest, ListsWhatTheShardsHold) {
  const TemporaryFolder folder;
  const Manifest written = samples::write_dataset(folder.path(), {.shards = 2, .videos_per_shard = 4, .frames = 3});
  const Manifest read = Manifest::load(folder.path());
  EXPECT_EQ(read.shards, written.shards);
  EXPECT_EQ(read.digest(), written.digest());
  EXPECT_EQ(read.frames(), 24);
  EXPECT_EQ(read.videos(), 8);
  EXPECT_EQ(read.names, written.names);
  EXPECT_EQ(read.shards[0].classes, (std::map<std::string, ClassCount>{
                                        {"real", {2, 6}}, {"fake/Deepfakes", {1, 3}}, {"fake/FaceSwap", {1, 3}}}));
  for (const ShardEntry& entry : read.shards) { check_entry(open_shard(folder.path() / entry.name), entry); }
}

TEST(Manifest, DigestChangesWithContentAndNotWithTheConfiguration) {
  const TemporaryFolder folder;
  Manifest manifest = samples::write_dataset(folder.path(), {});
  const std::string digest = manifest.digest();
  manifest.config["note"] = "another folder";
  EXPECT_EQ(manifest.digest(), digest);
  manifest.shards[1].digest[0] = manifest.shards[1].digest[0] == '0' ? '1' : '0';
  EXPECT_NE(manifest.digest(), digest);
}

TEST(Manifest, RefusesAShardThatIsListedTwiceAndADatasetThatLacksOne) {
  const TemporaryFolder folder;
  Manifest manifest = samples::write_dataset(folder.path(), {.shards = 3});
  const ShardEntry last = manifest.shards.back();
  manifest.shards.back() = manifest.shards.front();
  manifest.save(folder.path());
  EXPECT_THAT(message_of([&] { Manifest::load(folder.path()); }), HasSubstr("lists 'train-0.h5' twice"));
  manifest.shards.pop_back();
  manifest.save(folder.path());
  const auto self = distributed::make_self_communicator();
  EXPECT_THAT(message_of([&] { Dataset::open(folder.path().string(), {"train"}, *self); }),
              HasSubstr("one of 3 shards of split 'train', but the manifest lists 2"));
  manifest.shards.push_back(last);
  manifest.shards.back().frames = -1;
  manifest.save(folder.path());
  EXPECT_THAT(message_of([&] { Manifest::load(folder.path()); }), HasSubstr("less than nothing of 'train-2.h5'"));
}

TEST(Manifest, RefusesAnotherShardUnderAListedName) {
  const TemporaryFolder folder, other;
  const Manifest manifest = samples::write_dataset(folder.path(), {.frames = 4});
  samples::write_dataset(other.path(), {.frames = 5});
  EXPECT_THAT(message_of([&] { check_entry(open_shard(other.path() / "train-0.h5"), manifest.shards[0]); }),
              HasSubstr("not the shard that the manifest lists"));
}

TEST(Manifest, RefusesAnythingButItsOwnText) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of([&] { Manifest::load(folder.path()); }), HasSubstr("has no manifest.json"));
  samples::write_dataset(folder.path(), {});
  const fs::path path = folder.path() / "manifest.json";
  const std::string text = read_file(path);
  samples::flip_byte(path, 40);
  EXPECT_THAT(message_of([&] { Manifest::load(folder.path()); }), HasSubstr("not what its .sha256 says"));
  for (const std::string& bad : {std::string("{}"), std::string("["), std::string()}) {
    publish_file(path, bad);
    publish_file(path.string() + ".sha256", sha256_hex(bad) + "  manifest.json\n");
    EXPECT_THAT(message_of([&] { Manifest::load(folder.path()); }), HasSubstr("cannot be understood")) << bad;
  }
  publish_file(path, text);
  fs::remove(path.string() + ".sha256");
  EXPECT_THAT(message_of([&] { Manifest::load(folder.path()); }), HasSubstr(".sha256] is not there"));
}

TEST(Manifest, RefusesAShardNameThatLeavesTheFolder) {
  const TemporaryFolder folder;
  Manifest manifest = samples::write_dataset(folder.path(), {});
  manifest.shards[0].name = "../elsewhere.h5";
  manifest.save(folder.path());
  EXPECT_THAT(message_of([&] { Manifest::load(folder.path()); }), HasSubstr("plain file name"));
}

}  // namespace
}  // namespace realface::data
