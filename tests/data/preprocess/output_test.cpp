#include "data/preprocess/output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "base/error.h"
#include "data/preprocess/assemble.h"
#include "data/preprocess/config.h"
#include "data/preprocess/part.h"
#include "data/shards/reader.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using testing::HasSubstr;

Plan plan_of(int videos, int size = 16, const std::string& version = "v1") {
  PreprocessConfig config;
  config.size = size;
  config.codec = "raw";
  std::vector<importers::Source> sources;
  for (int i = 0; i < videos; ++i) {
    importers::Source source;
    source.key = "folder/" + std::to_string(100 + i);
    source.dataset = "folder";
    source.compression = "unknown";
    source.split = "train";
    source.bytes = 10 * (i + 1);
    sources.push_back(source);
  }
  return make_plan(std::move(sources), described(config, std::string(64, '0'), "detector"), version);
}

Extracted made(const Plan& plan, int64_t video) {
  Extracted out;
  out.record.key = plan.sources[static_cast<size_t>(video)].key;
  out.record.label = 0;
  out.record.dataset = "folder";
  out.record.compression = "unknown";
  FrameRecord frame;
  frame.blob = std::string(16 * 16 * 3, static_cast<char>(video));
  frame.label = 0;
  out.record.frames.assign(3, frame);
  out.considered = out.detected = 3;
  return out;
}

void work(const Plan& plan, const OutputFolder& output) {
  const auto shards = output.open_shards(plan);
  for (const int64_t video : output.open_videos(plan, shards)) {
    write_part(output.part(video), made(plan, video), plan.digest);
  }
  for (const int64_t shard : shards) { assemble(plan, plan.shards[static_cast<size_t>(shard)], output); }
  finish(plan, output);
}

std::string failure(OutputFolder& output, const Plan& plan) {
  try {
    output.begin(plan);
  } catch (const Error& error) { return error.what(); }
  return "";
}

TEST(OutputFolder, GoesOnWhereARunStoppedAndWritesTheSameBytes) {
  TemporaryFolder folder;
  const Plan plan = plan_of(24);
  ASSERT_GT(plan.shards.size(), 1u);
  OutputFolder whole(folder.path() / "whole"), stopped(folder.path() / "stopped");
  EXPECT_EQ(whole.begin(plan), OutputFolder::State::fresh);
  work(plan, whole);
  EXPECT_EQ(stopped.begin(plan), OutputFolder::State::fresh);
  for (const int64_t video : plan.shards[0].videos) { write_part(stopped.part(video), made(plan, video), plan.digest); }
  assemble(plan, plan.shards[0], stopped);
  write_part(stopped.part(plan.shards[1].videos[0]), made(plan, plan.shards[1].videos[0]), plan.digest);

  EXPECT_EQ(stopped.begin(plan), OutputFolder::State::resumed);
  const auto shards = stopped.open_shards(plan);
  EXPECT_EQ(shards.size(), plan.shards.size() - 1);
  EXPECT_EQ(stopped.open_videos(plan, shards).size(), 24 - plan.shards[0].videos.size() - 1);
  work(plan, stopped);
  for (const auto& shard : plan.shards) {
    EXPECT_EQ(sha256_file(whole.shard(shard)), sha256_file(stopped.shard(shard))) << shard.name;
  }
  EXPECT_EQ(sha256_file(whole.path() / "manifest.json"), sha256_file(stopped.path() / "manifest.json"));
  EXPECT_EQ(stopped.begin(plan), OutputFolder::State::finished);
  EXPECT_FALSE(std::filesystem::exists(stopped.path() / ".parts"));
  EXPECT_EQ(finished_report(stopped).frames(), 72);
}

TEST(OutputFolder, DoesAShardAgainThatWasNotSealed) {
  TemporaryFolder folder;
  const Plan plan = plan_of(3);
  OutputFolder output(folder.path());
  output.begin(plan);
  for (int64_t video = 0; video < 3; ++video) { write_part(output.part(video), made(plan, video), plan.digest); }
  // Killed after the report and before the shard.
  folder.write(".parts/" + plan.shards[0].name + ".json", "{}");
  EXPECT_EQ(output.open_shards(plan).size(), 1u);
  work(plan, output);
  EXPECT_EQ(open_shard(output.shard(plan.shards[0])).index.frames(), 9);
}

TEST(OutputFolder, RefusesAnotherPlanNamingWhatDiffers) {
  TemporaryFolder folder;
  OutputFolder output(folder.path());
  const Plan plan = plan_of(3);
  output.begin(plan);
  EXPECT_THAT(failure(output, plan_of(3, 32)), HasSubstr("size (16 there, 32 now)"));
  EXPECT_THAT(failure(output, plan_of(5)), HasSubstr("2 more, 0 fewer"));
  work(plan, output);
  EXPECT_THAT(failure(output, plan_of(3, 32)), HasSubstr("size (16 there, 32 now)"));
  EXPECT_THAT(failure(output, plan_of(5)), HasSubstr("the input videos (3 there, 5 now)"));
}

TEST(OutputFolder, NamesAPlanThatWasCut) {
  for (const bool edited : {false, true}) {
    TemporaryFolder folder;
    OutputFolder output(folder.path());
    const Plan plan = plan_of(3);
    output.begin(plan);
    const auto file = folder.path() / ".parts" / "plan.json";
    if (edited) {
      folder.write(".parts/plan.json", "{}");
    } else {
      std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    }
    const auto message = failure(output, plan);
    EXPECT_THAT(message, HasSubstr("[" + file.string() + "] is not the JSON that an interrupted start leaves"));
    EXPECT_THAT(message, HasSubstr("remove " + folder.path().string()));
  }
}

TEST(OutputFolder, StartsAgainWhereAnotherVersionBeganIt) {
  TemporaryFolder folder;
  OutputFolder output(folder.path());
  const Plan plan = plan_of(3);
  output.begin(plan);
  write_part(output.part(0), made(plan, 0), plan.digest);
  EXPECT_EQ(output.begin(plan_of(3, 16, "v2")), OutputFolder::State::fresh);
  EXPECT_EQ(output.open_videos(plan, {0}).size(), 3u);
}

TEST(OutputFolder, RefusesAFolderOfSomethingElse) {
  TemporaryFolder folder;
  folder.write("thesis.tex");
  OutputFolder output(folder.path());
  EXPECT_THAT(failure(output, plan_of(1)), HasSubstr("is not empty (thesis.tex)"));
}

TEST(OutputFolder, NamesAFileInItsPlace) {
  TemporaryFolder folder;
  OutputFolder output(folder.write("file"));
  EXPECT_THAT(failure(output, plan_of(1)), HasSubstr((folder.path() / "file").string()));
}

TEST(OutputFolder, NoticesALostShardOfAFinishedOutput) {
  TemporaryFolder folder;
  OutputFolder output(folder.path());
  const Plan plan = plan_of(3);
  output.begin(plan);
  work(plan, output);
  std::filesystem::remove(output.shard(plan.shards[0]));
  EXPECT_THAT(failure(output, plan), HasSubstr("is missing"));
}

TEST(OutputFolder, NamesTheFileThatDoesNotFitAndKeepsWhatWasWritten) {
  TemporaryFolder folder;
  OutputFolder output(folder.path());
  const Plan plan = plan_of(2);
  output.begin(plan);
  write_part(output.part(0), made(plan, 0), plan.digest);
  // A limit on file sizes fails a write like a full disk does.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 1000;
  setrlimit(RLIMIT_FSIZE, &small);
  std::string message;
  try {
    write_part(output.part(1), made(plan, 1), plan.digest);
  } catch (const Error& error) { message = error.what(); }
  setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(message, HasSubstr((folder.path() / ".parts").string()));
  EXPECT_FALSE(std::filesystem::exists(output.part(1)));
  EXPECT_THAT(output.open_videos(plan, {0}), testing::ElementsAre(1));
  work(plan, output);
  EXPECT_EQ(finished_report(output).frames(), 6);
}

TEST(OutputFolder, ServesTheLongestVideosFirst) {
  TemporaryFolder folder;
  OutputFolder output(folder.path());
  const Plan plan = plan_of(4);
  output.begin(plan);
  EXPECT_THAT(output.open_videos(plan, {0}), testing::ElementsAre(3, 2, 1, 0));
}

}  // namespace
}  // namespace realface::data::preprocess
