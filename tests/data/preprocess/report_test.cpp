#include "data/preprocess/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace realface::data::preprocess {
namespace {

using testing::HasSubstr;
using testing::Not;

Extracted video(const std::string& key, size_t frames, VideoStatus status, const std::string& why = "") {
  Extracted video;
  video.record.key = key;
  video.record.label = 0;
  video.record.status = status;
  video.record.frames.resize(frames);
  video.considered = 30;
  video.detected = static_cast<int64_t>(frames);
  video.why = why;
  video.seconds.decode = 2;
  return video;
}

TEST(Report, AddsUpTheSameInAnyOrderAndOverParts) {
  Report whole, left, right, merged;
  const auto a = video("b", 30, VideoStatus::ok), b = video("a", 0, VideoStatus::no_face, "no face was found");
  whole.count("train", a);
  whole.count("train", b);
  left.count("train", b);
  right.count("train", a);
  merged.add(right);
  merged.add(left);
  EXPECT_EQ(whole.json(true), merged.json(true));
  EXPECT_EQ(Report::from_json(whole.json(true)).json(true), whole.json(true));
  EXPECT_FALSE(whole.json(false).contains("seconds"));
}

TEST(Report, TableNamesClassesCountsAndReasons) {
  Report report;
  report.count("train", video("folder/good", 30, VideoStatus::ok));
  report.count("train", video("folder/dark", 0, VideoStatus::no_face, "no face was found in its 30 frames"));
  auto fake = video("folder/fake", 10, VideoStatus::truncated, "the file ends");
  fake.record.label = 1;
  fake.record.manip = "FaceSwap";
  report.count("test", fake);
  const std::string table = report.table();
  EXPECT_THAT(table, HasSubstr("fake/FaceSwap"));
  EXPECT_THAT(table, HasSubstr("1 no_face"));
  EXPECT_THAT(table, HasSubstr("no_face: folder/dark: no face was found in its 30 frames"));
  EXPECT_THAT(table, HasSubstr("decode 6.0 s"));
  EXPECT_THAT(table, Not(HasSubstr("folder/good")));
  EXPECT_EQ(report.frames(), 40);
  EXPECT_EQ(report.videos(), 3);
  EXPECT_EQ(report.skipped(), "1 no_face, 1 truncated");
  EXPECT_THAT(report.table(1), HasSubstr("and 1 more"));
}

}  // namespace
}  // namespace realface::data::preprocess
