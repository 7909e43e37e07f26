#include "base/log.h"

#include <gmock/gmock.h>

#include "base/atomic_file.h"
#include "tests/temporary_folder.h"

namespace realface {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

class Log : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return (scratch_.path() / name).string(); }

  TemporaryFolder scratch_;
};

TEST_F(Log, EachStageWritesIntoItsOwnFileAlone) {
  log::also_to(path("first"));
  log::info("of the first");
  log::also_to(path("second"));
  log::warn("of the second");
  EXPECT_THAT(read_file(path("first")), AllOf(EndsWith(" I of the first\n"), Not(HasSubstr("second"))));
  EXPECT_THAT(read_file(path("second")), AllOf(EndsWith(" W of the second\n"), Not(HasSubstr("first"))));
}

TEST_F(Log, AResumedRunContinuesItsFile) {
  for (const char* line : {"one", "two"}) {
    log::also_to(path("log.txt"));
    log::info(line);
  }
  EXPECT_THAT(read_file(path("log.txt")), AllOf(HasSubstr(" I one\n"), EndsWith(" I two\n")));
}

}  // namespace
}  // namespace realface
