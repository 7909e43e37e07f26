// The program itself: `realface preprocess --dry-run`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "tests/temporary_folder.h"

namespace realface {
namespace {

using testing::HasSubstr;

class DryRun : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("REALFACE_PROGRAM") == nullptr) { GTEST_SKIP() << "REALFACE_PROGRAM is not set"; }
    folder.write("data/Celeb-real/id0_0000.mp4");
    folder.write("data/Celeb-real/holiday.mp4");
    folder.write("data/List_of_testing_videos.txt", "1 Celeb-real/id0_0000.mp4");
  }

  /// Runs `realface preprocess DATA ARGUMENTS` and keeps what it prints; the exit code.
  int run(const std::string& arguments) {
    std::string command = "cd ";
    command.append(folder.path()).append(" && ").append(std::getenv("REALFACE_PROGRAM"));
    command.append(" preprocess data ").append(arguments).append(" 2>&1");
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) { return -1; }
    output.clear();
    for (int letter = std::fgetc(pipe); letter != EOF; letter = std::fgetc(pipe)) {
      output += static_cast<char>(letter);
    }
    const int status = ::pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      names.insert(entry.path().string());
    }
    return names;
  }

  TemporaryFolder folder;
  std::string output;
};

TEST_F(DryRun, PrintsWhatIsThereAndWhatIsNotAndWritesNothing) {
  const auto before = files();
  EXPECT_EQ(run("--dataset celeb-df-v2 --dry-run"), 0) << output;
  EXPECT_THAT(output, testing::ContainsRegex("test +real +- +unknown +1"));
  EXPECT_THAT(output, HasSubstr("1 could not be placed"));
  EXPECT_THAT(output, HasSubstr("holiday.mp4: its name is not that of a video of Celeb-real"));
  EXPECT_EQ(run("--dataset celeb-df-v2 --dry-run --out shards"), 0) << output;
  EXPECT_EQ(files(), before);
}

TEST_F(DryRun, FailsWhereNoVideoIsFoundAndStillSaysWhy) {
  EXPECT_EQ(run("--dataset celeb-df-v2 --split train --dry-run"), 1) << output;
  EXPECT_THAT(output, HasSubstr("id0_0000.mp4: the dataset's lists hold it out for testing"));
  EXPECT_THAT(output, HasSubstr("no videos found"));
}

TEST_F(DryRun, IsTheOnlyRunThatNeedsNoFolderForShards) {
  EXPECT_EQ(run("--dataset celeb-df-v2"), 64) << output;
  EXPECT_THAT(output, HasSubstr("--out is missing"));
}

TEST_F(DryRun, NamesTheNearestDataset) {
  EXPECT_EQ(run("--dataset celeb-df-v3 --dry-run"), 64) << output;
  EXPECT_THAT(output, HasSubstr("did you mean celeb-df-v"));
}

}  // namespace
}  // namespace realface
