// What a shard and its manifest say of their codec, and arrays that older shards lack.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include "base/error.h"
#include "data/inspection/inspect.h"
#include "data/shards/reader.h"
#include "tests/data/shards/samples.h"
#include "tests/temporary_folder.h"

namespace realface::data {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ShardCodecs, EveryCodecMakesASoundDataset) {
  for (const CodecConfig codec : {CodecConfig(Codec::raw), CodecConfig(Codec::gdiff_up_zstd), CodecConfig(Codec::png),
                                  CodecConfig::jpeg(80, "4:2:0")}) {
    const TemporaryFolder folder;
    samples::write_dataset(folder.path(), {.shards = 1, .codec = codec});
    EXPECT_THAT(verify_shards(folder.path()), IsEmpty()) << codec_name(codec);
    EXPECT_EQ(open_shard(folder.path() / "train-0.h5").header.codec, codec);
    EXPECT_EQ(Manifest::load(folder.path()).codec, codec);
  }
}

TEST(ShardCodecs, QualityAndSubsamplingAreInTheDigests) {
  std::set<std::string> digests;
  for (const CodecConfig codec :
       {CodecConfig::jpeg(90, "4:4:4"), CodecConfig::jpeg(91, "4:4:4"), CodecConfig::jpeg(90, "4:2:0")}) {
    ShardHeader header = samples::header(32);
    header.codec = codec;
    digests.insert(hex(index_digest(header, {})));
    Manifest manifest;
    manifest.codec = codec;
    digests.insert(manifest.digest());
  }
  EXPECT_EQ(digests.size(), 6u);
}

class OlderShard : public testing::Test {
 protected:
  void SetUp() override {
    samples::write_dataset(folder_.path(), {.shards = 1});
    const Shard shard = open_shard(path());
    EXPECT_EQ(shard.index.source_bytes.size(), static_cast<size_t>(shard.index.videos()));
    const hid_t file = H5Fopen(path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    EXPECT_GE(H5Ldelete(file, "/videos/source_bytes", H5P_DEFAULT), 0);
    H5Fclose(file);
  }
  fs::path path() const { return folder_.path() / "train-0.h5"; }
  void seal_with(const std::string& digest) {
    const hid_t file = H5Fopen(path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const hid_t attribute = H5Aopen(file, "index_sha256", H5P_DEFAULT), type = H5Aget_type(attribute);
    EXPECT_GE(H5Awrite(attribute, type, digest.data()), 0);
    H5Tclose(type);
    H5Aclose(attribute);
    H5Fclose(file);
  }
  TemporaryFolder folder_;
};

TEST_F(OlderShard, MayLackAnArrayOfALaterMinorVersion) {
  const TemporaryFolder other;
  samples::write_dataset(other.path(), {.shards = 1});
  Shard same = open_shard(other.path() / "train-0.h5");
  same.index.source_bytes.clear();
  seal_with(hex(index_digest(same.header, same.index)));
  const Shard shard = open_shard(path());
  EXPECT_TRUE(shard.index.source_bytes.empty());
  EXPECT_EQ(shard.index.videos(), 3);
}

TEST_F(OlderShard, IsRefusedWhereTheArrayWasTakenOutAfterwards) {
  try {
    open_shard(path());
    FAIL();
  } catch (const DataError& error) { EXPECT_THAT(error.what(), HasSubstr("its index is damaged")); }
}

}  // namespace
}  // namespace realface::data
