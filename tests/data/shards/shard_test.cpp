#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <thread>

#include "base/atomic_file.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "data/shards/reader.h"
#include "data/shards/writer.h"
#include "tests/data/shards/samples.h"

namespace realface::data {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;

std::string message_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) { return error.what(); }
  return "nothing was thrown";
}

fs::path write_one(const fs::path& folder, int videos = 3, int frames = 5) {
  samples::write_dataset(folder, {.shards = 1, .videos_per_shard = videos, .frames = frames, .size = 40});
  return folder / "train-0.h5";
}

/// Changes or adds a root attribute, as another version's writer would have written it.
void set_attribute(const fs::path& file, const char* name, int64_t value) {
  const hid_t id = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(id, name, H5P_DEFAULT);
  ASSERT_GE(H5Awrite(attribute, H5T_NATIVE_INT64, &value), 0);
  H5Aclose(attribute);
  H5Fclose(id);
}

TEST(Shard, GivesBackEveryFieldOfEveryRecord) {
  const TemporaryFolder folder;
  const Shard shard = open_shard(write_one(folder.path()));
  const ShardHeader header = samples::header(40);
  EXPECT_EQ(shard.index.videos(), 3);
  EXPECT_EQ(shard.index.frames(), 15);
  EXPECT_EQ(shard.header.names, header.names);
  EXPECT_EQ(shard.header.plan_digest, header.plan_digest);
  const PositionedFile file(shard.path);
  for (int v = 0; v < 3; ++v) {
    const VideoRecord video = samples::video(v, 5, header);
    const auto at = static_cast<size_t>(v);
    EXPECT_EQ(shard.index.key_of(v), video.key);
    EXPECT_EQ(shard.index.video_label[at], video.label);
    EXPECT_EQ(shard.index.manip[at], v == 1 ? 0 : -1);
    EXPECT_EQ(shard.index.identity[at], v);
    EXPECT_EQ(shard.index.group[at], v / 2);
    EXPECT_EQ(shard.index.source_sha256[32 * at + 31], v);
    EXPECT_EQ(shard.index.first[at + 1] - shard.index.first[at], 5U);
    for (size_t f = 0; f < 5; ++f) {
      const size_t n = 5 * at + f;
      const FrameRecord& frame = video.frames[f];
      EXPECT_EQ(shard.index.pts_us[n], frame.pts_us);
      EXPECT_EQ(shard.index.label[n], video.label);
      EXPECT_TRUE(std::equal(frame.landmarks.begin(), frame.landmarks.end(),
                             shard.index.landmarks.begin() + 136 * static_cast<int64_t>(n)));
      EXPECT_TRUE(std::equal(frame.affine.begin(), frame.affine.end(),
                             shard.index.affine.begin() + 6 * static_cast<int64_t>(n)));
      std::string blob(shard.index.frame_offset[n + 1] - shard.index.frame_offset[n], '\0');
      file.read(shard.blob_at + shard.index.frame_offset[n], blob.data(), blob.size());
      EXPECT_EQ(blob, frame.blob);
      EXPECT_EQ(crc32c(blob.data(), blob.size()), shard.index.crc32c[n]);
      std::string mask(shard.index.mask_offset[n + 1] - shard.index.mask_offset[n], '\0');
      if (!mask.empty()) { file.read(shard.mask_at + shard.index.mask_offset[n], mask.data(), mask.size()); }
      EXPECT_EQ(mask, frame.mask);
      std::array<float, 136> landmarks{};
      file.read(shard.landmarks_at + n * sizeof landmarks, landmarks.data(), sizeof landmarks);
      EXPECT_EQ(landmarks, frame.landmarks);
    }
  }
  EXPECT_THAT(verify_payload(shard), testing::IsEmpty());
}

TEST(Shard, TwoWritesOfTheSameVideosAreByteEqual) {
  const TemporaryFolder one, two;
  const fs::path first = write_one(one.path());
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // HDF5 stamps whole seconds, if it stamps
  EXPECT_EQ(sha256_hex(read_file(first)), sha256_hex(read_file(write_one(two.path()))));
  EXPECT_EQ(read_file(one.path() / "manifest.json"), read_file(two.path() / "manifest.json"));
}

TEST(Shard, HoldsNoFramesWhereNoVideoHasAny) {
  const TemporaryFolder folder;
  const Shard shard = open_shard(write_one(folder.path(), 2, 0));
  EXPECT_EQ(shard.index.frames(), 0);
  EXPECT_EQ(shard.index.videos(), 2);
  EXPECT_THAT(verify_payload(shard), testing::IsEmpty());
}

TEST(Shard, AnyFlippedByteOfItsDataIsNoticed) {
  const TemporaryFolder folder;
  const fs::path path = write_one(folder.path());
  const Shard good = open_shard(path);
  const std::string bytes = read_file(path);
  for (const uint64_t at : {good.blob_at, good.blob_at + good.blob_bytes / 2, good.blob_at + good.blob_bytes - 1,
                            good.mask_at, good.mask_at + good.mask_bytes - 1}) {
    samples::flip_byte(path, static_cast<int64_t>(at));
    EXPECT_THAT(verify_payload(open_shard(path)), testing::Not(testing::IsEmpty())) << at;
    publish_file(path, bytes);
  }
  samples::flip_byte(path, static_cast<int64_t>(good.landmarks_at + 100));
  EXPECT_THAT(message_of([&] { open_shard(path); }), HasSubstr("/frames/landmarks is damaged"));
}

TEST(Shard, EveryByteOfTheFileIsEitherCheckedOrUnused) {
  const TemporaryFolder folder;
  const fs::path path = write_one(folder.path(), 1, 1);
  const Shard good = open_shard(path);
  const std::string bytes = read_file(path);
  // Wherever a byte is flipped, either an error names the file or what is read is what was written.
  for (size_t at = 0; at < bytes.size(); at += 37) {
    samples::flip_byte(path, static_cast<int64_t>(at));
    try {
      const Shard shard = open_shard(path);
      if (verify_payload(shard).empty()) {
        EXPECT_EQ(index_digest(shard.header, shard.index), good.index_sha256) << at;
        EXPECT_EQ(shard.payload_sha256, good.payload_sha256) << at;
      }
    } catch (const DataError& error) { EXPECT_THAT(error.what(), HasSubstr("train-0.h5")) << at; }
    samples::flip_byte(path, static_cast<int64_t>(at));
  }
}

TEST(Shard, CutShortIsRefusedAtAnyLength) {
  const TemporaryFolder folder;
  const fs::path path = write_one(folder.path());
  const auto size = static_cast<int64_t>(fs::file_size(path));
  for (const int64_t left : {size - 1, size / 2, int64_t{600}, int64_t{1}, int64_t{0}}) {
    fs::resize_file(path, static_cast<uint64_t>(left));
    EXPECT_THAT(message_of([&] { open_shard(path); }), HasSubstr("train-0.h5")) << left;
    EXPECT_THROW(open_shard(path), DataError);
  }
}

TEST(Shard, AnotherMajorVersionIsRefusedAndAnotherMinorIsNot) {
  const TemporaryFolder folder;
  const fs::path path = write_one(folder.path());
  set_attribute(path, "schema_minor", 9);
  EXPECT_EQ(open_shard(path).index.videos(), 3);
  set_attribute(path, "schema_major", 2);
  EXPECT_THAT(message_of([&] { open_shard(path); }), HasSubstr("schema version 2; this program reads 1"));
}

TEST(Shard, UnsealedIsRefused) {
  const TemporaryFolder folder;
  const fs::path path = write_one(folder.path());
  set_attribute(path, "sealed", 0);
  EXPECT_THAT(message_of([&] { open_shard(path); }), HasSubstr("not sealed"));
}

/// In the place of an attribute, one of `count` numbers of `type`.
void replace_attribute(const fs::path& file, const char* name, hid_t type, hsize_t count) {
  const hid_t id = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(H5Adelete(id, name), 0);
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  const hid_t attribute = H5Acreate2(id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const std::vector<int8_t> ones(64, 1);
  ASSERT_GE(H5Awrite(attribute, type, ones.data()), 0);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Fclose(id);
}

TEST(Shard, AttributesOfSeveralNumbersAreRefused) {
  for (const char* name : {"schema_major", "shard_id", "height", "sealed", "margin"}) {
    for (const auto& [type, count] : {std::pair{H5T_STD_I8LE, 8U}, {H5T_IEEE_F32LE, 2U}, {H5T_STD_I64LE, 0U}}) {
      const TemporaryFolder folder;
      const fs::path path = write_one(folder.path(), 1, 1);
      replace_attribute(path, name, type, count);
      EXPECT_THAT(message_of([&] { open_shard(path); }), HasSubstr(std::string(name) + " is not one number"));
    }
  }
}

TEST(Shard, AnotherLayoutOfThePixelsIsRefused) {
  const TemporaryFolder folder;
  const fs::path path = write_one(folder.path());
  set_attribute(path, "channels", 4);
  EXPECT_THAT(message_of([&] { open_shard(path); }),
              HasSubstr("4 channels, RGB, pixel centres at integers; expected 3"));
}

TEST(Shard, PicturesOfImpossibleSizesAreRefused) {
  for (const int64_t side : {int64_t{0}, int64_t{-5}, int64_t{16385}, int64_t{1} << 40}) {
    const TemporaryFolder folder;
    const fs::path path = write_one(folder.path());
    set_attribute(path, "height", side);
    EXPECT_THAT(message_of([&] { open_shard(path); }), HasSubstr(std::to_string(side) + " pixels wide or high"));
  }
}

TEST(ShardWriter, RefusesLabelsThatDoNotExist) {
  const TemporaryFolder folder;
  const ShardHeader header = samples::header(40);
  VideoRecord video = samples::video(0, 2, header);
  video.frames[1].label = 5;
  ShardTotals totals;
  totals.count(video);
  ShardWriter writer(folder.path() / "train-0.h5", header, totals);
  writer.add(video);
  EXPECT_THAT(message_of([&] { writer.seal(); }), HasSubstr("holds the label 5"));
}

TEST(Shard, OtherFilesAreRefusedByName) {
  const TemporaryFolder folder;
  publish_file(folder.path() / "text.h5", "this is text, not HDF5");
  EXPECT_THAT(message_of([&] { open_shard(folder.path() / "text.h5"); }), HasSubstr("not a whole HDF5 file"));
  EXPECT_THAT(message_of([&] { open_shard(folder.path() / "none.h5"); }), HasSubstr("cannot be opened"));
  const hid_t file = H5Fcreate((folder.path() / "other.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  H5Fclose(file);
  EXPECT_THAT(message_of([&] { open_shard(folder.path() / "other.h5"); }), HasSubstr("no attribute schema"));
}

TEST(ShardWriter, LeavesNothingWhereItIsNotSealed) {
  const TemporaryFolder folder;
  const ShardHeader header = samples::header(32);
  const VideoRecord video = samples::video(1, 2, header);
  ShardTotals totals;
  totals.count(video);
  totals.count(video);
  {
    ShardWriter writer(folder.path() / "a.h5", header, totals);
    writer.add(video);
    EXPECT_TRUE(fs::exists(folder.path() / "a.h5.tmp"));
    EXPECT_THAT(message_of([&] { writer.seal(); }), HasSubstr("announced"));
    EXPECT_FALSE(fs::exists(folder.path() / "a.h5"));
  }
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(ShardWriter, RefusesWhatDoesNotFit) {
  const TemporaryFolder folder;
  const ShardHeader header = samples::header(32);
  VideoRecord video = samples::video(1, 2, header);
  ShardTotals totals;
  totals.count(video);
  ShardWriter writer(folder.path() / "a.h5", header, totals);
  VideoRecord strange = video;
  strange.manip = "Unheard";
  EXPECT_THAT(message_of([&] { writer.add(strange); }), HasSubstr("'Unheard' is not in the table"));
  strange = video;
  strange.key = std::string(64, 'k');
  EXPECT_THAT(message_of([&] { writer.add(strange); }), HasSubstr("at most 63"));
  strange = video;
  strange.frames.push_back(strange.frames.back());
  EXPECT_THAT(message_of([&] { writer.add(strange); }), HasSubstr("more was added than announced"));
}

TEST(ShardWriter, RefusedRecordsLeaveTheShardAsItWas) {
  const TemporaryFolder folder;
  const ShardHeader header = samples::header(32);
  const VideoRecord video = samples::video(1, 2, header);
  ShardTotals totals;
  totals.count(video);
  ShardWriter writer(folder.path() / "a.h5", header, totals);
  VideoRecord strange = video;
  strange.compression = "Unheard";
  EXPECT_THROW(writer.add(strange), DataError);
  writer.add(video);
  EXPECT_EQ(writer.seal().classes, (std::map<std::string, ClassCount>{{"fake/Deepfakes", {1, 2}}}));
}

TEST(ShardWriter, SaysWhereItCannotWrite) {
  EXPECT_THAT(message_of([] { ShardWriter("/nonexistent/folder/a.h5", samples::header(32), {}); }),
              HasSubstr("/nonexistent/folder/a.h5"));
  const TemporaryFolder folder;
  ShardTotals vast;
  vast.blob_bytes = int64_t{1} << 60;
  EXPECT_THAT(message_of([&] { ShardWriter(folder.path() / "a.h5", samples::header(32), vast); }),
              HasSubstr("no space left"));
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace realface::data
