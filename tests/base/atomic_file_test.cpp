#include "base/atomic_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.h"
#include "tests/temporary_folder.h"

namespace realface {
namespace {
namespace fs = std::filesystem;

class AtomicFile : public testing::Test {
 protected:
  TemporaryFolder scratch_;
  fs::path folder_ = scratch_.path();
};

TEST_F(AtomicFile, ReplacesAFileWhole) {
  publish_file(folder_ / "a", "old");
  publish_file(folder_ / "a", "the new text");
  EXPECT_EQ(read_file(folder_ / "a"), "the new text");
}

TEST_F(AtomicFile, LeavesNothingBesideTheFile) {
  publish_file(folder_ / "a", "text");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(AtomicFile, KeepsTheOldFileAndCleansUpWhenItCannotPublish) {
  fs::create_directories(folder_ / "taken" / "inside");  // a folder in the way: the rename fails
  EXPECT_THROW(publish_file(folder_ / "taken", "text"), Error);
  EXPECT_TRUE(fs::is_directory(folder_ / "taken" / "inside"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(AtomicFile, NamesTheFolderThatCannotBeMade) {
  std::ofstream(folder_ / "file") << "x";
  try {
    make_folder(folder_ / "file" / "below");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("file/below"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace realface
