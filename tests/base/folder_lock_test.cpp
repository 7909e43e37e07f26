#include "base/folder_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/error.h"
#include "tests/temporary_folder.h"

namespace realface {
namespace {

using std::chrono::milliseconds;

TEST(FolderLock, ASecondWriterIsRefusedAndTheMessageNamesTheFolder) {
  const TemporaryFolder folder;
  const FolderLock first(folder.path());
  try {
    const FolderLock second(folder.path(), milliseconds(60));
    FAIL() << "two writers";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(folder.path().string()), std::string::npos) << error.what();
  }
}

TEST(FolderLock, LeavesNoFileAndLetsTheNextWriterIn) {
  const TemporaryFolder folder;
  { const FolderLock first(folder.path()); }
  const FolderLock second(folder.path(), milliseconds(0));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(FolderLock, WaitsForAWriterThatIsAboutToEnd) {
  const TemporaryFolder folder;
  auto first = std::make_unique<FolderLock>(folder.path());
  std::jthread ending([&first] {
    std::this_thread::sleep_for(milliseconds(150));
    first.reset();
  });
  EXPECT_NO_THROW(FolderLock(folder.path(), std::chrono::seconds(20)));
}

TEST(FolderLock, EndsWithAKilledProcess) {
  const TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock held(folder.path());
    if (::write(ready[1], "x", 1) == 1) { ::pause(); }
    ::_exit(0);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_THROW(FolderLock(folder.path(), milliseconds(0)), Error);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(FolderLock(folder.path(), milliseconds(0)));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FolderLock, NamesAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  EXPECT_THROW(FolderLock(folder.path() / "missing"), Error);
}

}  // namespace
}  // namespace realface
