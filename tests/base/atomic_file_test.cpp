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

TEST_F(AtomicFile, IsPublishedFromPiecesUnlessOneFails) {
  publish_pieces(folder_ / "a", [](const TakePiece& take) { take("one, "), take(""), take("two"); });
  EXPECT_EQ(read_file(folder_ / "a"), "one, two");
  const auto failing = [](const TakePiece& take) {
    take("three");
    throw Error("no more");
  };
  EXPECT_THROW(publish_pieces(folder_ / "a", failing), Error);
  EXPECT_EQ(read_file(folder_ / "a"), "one, two");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
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

/// What reading the file throws.
std::string refusal(const fs::path& path) {
  try {
    read_file(path);
  } catch (const Error& error) { return error.what(); }
  return "";
}

TEST_F(AtomicFile, ReadsAFileWhole) {
  std::string text(200'001, 'a');
  text[100'000] = '\0';
  publish_file(folder_ / "a", text);
  EXPECT_EQ(read_file(folder_ / "a"), text);
  publish_file(folder_ / "empty", "");
  EXPECT_EQ(read_file(folder_ / "empty"), "");
}

TEST_F(AtomicFile, AFolderIsNotReadAsAnEmptyFile) {
  EXPECT_NE(refusal(folder_).find(folder_.string() + "] is a folder; expected a file"), std::string::npos);
  EXPECT_NE(refusal(folder_ / "none").find("none] cannot be opened for reading: No such file"), std::string::npos);
}

}  // namespace
}  // namespace realface
