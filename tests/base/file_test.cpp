#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "tests/temporary_folder.h"

namespace realface {
namespace {

class File : public testing::Test {
 protected:
  bool is_open(int number) const { return ::fcntl(number, F_GETFD) != -1; }

  TemporaryFolder scratch_;
  std::string path_ = scratch_.write("a", "0123456789");
};

TEST_F(File, ADescriptorIsClosedOnceWithItsLastOwner) {
  auto first = open_file(path_, O_RDONLY);
  const int number = first.number();
  {
    const Descriptor second = std::move(first);
    EXPECT_EQ(second.number(), number);
    EXPECT_FALSE(first);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST_F(File, IsNotInheritedByOtherPrograms) {
  EXPECT_EQ(::fcntl(open_file(path_, O_RDONLY).number(), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

TEST_F(File, OneThatCannotBeOpenedIsNone) {
  EXPECT_FALSE(open_file(path_ + "/below", O_RDONLY));
  EXPECT_EQ(errno, ENOTDIR);
}

TEST_F(File, ReadsExactlyAtAPosition) {
  const auto file = open_file(path_, O_RDONLY);
  std::array<char, 4> out{};
  const auto result = read_exactly(file, 3, out.data(), out.size());
  EXPECT_EQ(result.bytes, 4U);
  EXPECT_EQ(std::string(out.data(), 4), "3456");
}

TEST_F(File, TellsAnEndFromAnError) {
  std::array<char, 4> out{};
  const auto end = read_exactly(open_file(path_, O_RDONLY), 8, out.data(), out.size());
  EXPECT_EQ(end.bytes, 2U);
  EXPECT_EQ(end.error, 0);
  const auto folder = read_exactly(open_file(scratch_.path(), O_RDONLY), 0, out.data(), out.size());
  EXPECT_EQ(folder.bytes, 0U);
  EXPECT_EQ(folder.error, EISDIR);
}

}  // namespace
}  // namespace realface
