#include "data/preprocess/part.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

Extracted sample() {
  Extracted video;
  video.record.key = "folder/a";
  video.record.group = INT64_MAX;
  video.record.fps = 29.97F;
  video.record.source_sha256[31] = 255;
  video.record.status = VideoStatus::truncated;
  video.record.mask_source = MaskSource::difference;
  video.record.segments = {{0, 9, 0}, {10, INT32_MAX, 1}};
  FrameRecord frame;
  frame.blob = std::string("\0\xff\x80 blob", 8);
  frame.pts_us = -40;
  frame.landmarks[135] = 0.1F;
  frame.affine[5] = -1e-7F;
  frame.flags = kTracked | kSeveralFaces;
  frame.mask = "m";
  video.record.frames = {frame, FrameRecord{}};
  video.why = "caf\xe9 is not UTF-8";
  video.considered = 30;
  video.seconds.detect = 1.25;
  return video;
}

TEST(Part, ComesBackBitForBit) {
  TemporaryFolder folder;
  write_part(folder.path() / "0.part", sample(), "plan");
  const Extracted back = read_part(folder.path() / "0.part", "plan"), want = sample();
  EXPECT_EQ(back.record.key, want.record.key);
  EXPECT_EQ(back.record.group, want.record.group);
  EXPECT_EQ(back.record.fps, want.record.fps);
  EXPECT_EQ(back.record.source_sha256, want.record.source_sha256);
  EXPECT_EQ(back.record.status, want.record.status);
  EXPECT_EQ(back.record.mask_source, MaskSource::difference);
  ASSERT_EQ(back.record.segments.size(), 2u);
  EXPECT_EQ(back.record.segments[0].label, 0);
  EXPECT_EQ(back.record.segments[1].first, 10);
  EXPECT_EQ(back.record.segments[1].last, INT32_MAX);
  EXPECT_EQ(back.record.segments[1].label, 1);
  ASSERT_EQ(back.record.frames.size(), 2u);
  const FrameRecord &frame = back.record.frames[0], &wanted = want.record.frames[0];
  EXPECT_EQ(frame.blob, wanted.blob);
  EXPECT_EQ(frame.pts_us, wanted.pts_us);
  EXPECT_EQ(frame.landmarks, wanted.landmarks);
  EXPECT_EQ(frame.affine, wanted.affine);
  EXPECT_EQ(frame.flags, wanted.flags);
  EXPECT_EQ(frame.mask, wanted.mask);
  EXPECT_EQ(back.why, want.why);
  EXPECT_EQ(back.considered, 30);
  EXPECT_EQ(back.seconds.detect, 1.25);
}

TEST(Part, IsRefusedWhenDamagedCutOrOfAnotherPlan) {
  TemporaryFolder folder;
  const auto path = folder.path() / "0.part";
  write_part(path, sample(), "plan");
  EXPECT_THROW(read_part(path, "other"), DataError);
  const std::string bytes = read_file(path);
  for (const size_t at : {size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    std::ofstream(path, std::ios::binary) << damaged;
    EXPECT_THROW(read_part(path, "plan"), DataError) << at;
  }
  for (const size_t size : {size_t{0}, size_t{3}, bytes.size() - 1}) {
    std::ofstream(path, std::ios::binary) << bytes.substr(0, size);
    EXPECT_THROW(read_part(path, "plan"), DataError) << size;
  }
}

}  // namespace
}  // namespace realface::data::preprocess
