#include "configs/leaves.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>

#include "base/error.h"
#include "tests/configs/scratch.h"

namespace realface::configs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class LeavesOfAFile : public Scratch {
 protected:
  std::string fault(const std::string& text) {
    const auto file = write("a.yaml", text);
    Faults faults;
    read_document(file, faults);
    return message_of<ConfigError>([&] { faults.raise(); });
  }
};

/// `levels` groups, each with ten aliases of the one before: 10^levels values.
std::string bomb(int levels) {
  std::string text = "g0: &g0 {x: 1}\n";
  for (int level = 1; level <= levels; ++level) {
    std::string aliases;
    for (int i = 0; i < 10; ++i) { aliases += fmt::format("k{}: *g{}, ", i, level - 1); }
    text += fmt::format("g{}: &g{} {{{}}}\n", level, level, aliases);
  }
  return text;
}

TEST_F(LeavesOfAFile, AnAliasIsWhatItsAnchorHolds) {
  const auto file = write("a.yaml", "one: &one {x: 1}\ntwo: *one\nthree: {four: *one}\n");
  Faults faults;
  const auto leaves = read_document(file, faults).leaves;
  faults.raise();
  EXPECT_EQ(leaves.at("two.x").text, "1");
  EXPECT_EQ(leaves.at("three.four.x").text, "1");
}

TEST_F(LeavesOfAFile, AnAliasOfAGroupThatHoldsItIsRefused) {
  EXPECT_THAT(fault("seed: 1\nmodel: &m {x: *m}\n"),
              HasSubstr("a.yaml:2: 'model.x' is an alias of a group that holds it"));
  EXPECT_THAT(fault("&all {model:\n    {x: *all}}\n"), HasSubstr("a.yaml:2: 'model.x' is an alias"));
  EXPECT_THAT(fault("run:\n- {file: a, x: &m {y: *m}}\n"), HasSubstr("a.yaml:2: 'x.y' is an alias"));
}

TEST_F(LeavesOfAFile, ListsThatHoldThemselvesAreRefused) {
  EXPECT_THAT(fault("model: &m [*m]\n"), HasSubstr("a.yaml:1: 'model' is a list of more than words"));
  EXPECT_THAT(fault("run: &r [*r]\n"), HasSubstr("an entry of `run` names no file"));
}

TEST_F(LeavesOfAFile, AliasesThatUnfoldToBillionsAreRefusedSoon) {
  const auto started = std::chrono::steady_clock::now();
  const auto message = fault(bomb(9));
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
  EXPECT_THAT(message, AllOf(HasSubstr("a.yaml:"), HasSubstr("unfolds to more than 10000 values")));
  EXPECT_THAT(message, Not(HasSubstr("faults"))) << "nothing is said of the part that was read";
}

TEST_F(LeavesOfAFile, LongTextsGivenOverAndOverAreRefused) {
  const std::string text(20'000, 'x');
  std::string many = "a: &a " + text + "\nb: [";
  for (int i = 0; i < 100; ++i) { many += "*a, "; }
  EXPECT_THAT(fault(many + "*a]\n"), HasSubstr("a.yaml:2: the file unfolds to more than"));
}

TEST_F(LeavesOfAFile, AFolderIsNoFile) {
  Faults faults;
  read_document(folder_.string(), faults);
  EXPECT_THAT(message_of<ConfigError>([&] { faults.raise(); }), HasSubstr("is a folder; expected a file"));
}

TEST_F(LeavesOfAFile, DeepGroupsAreRefused) {
  const auto nested = [](int levels) {
    std::string text = "x: 1";
    for (int i = 0; i < levels; ++i) { text = "x: {" + text + "}"; }
    return text;
  };
  EXPECT_EQ(fault(nested(10)), "");
  EXPECT_THAT(fault(nested(100)), AllOf(HasSubstr("a.yaml:1: "), HasSubstr("levels deep")));
  EXPECT_THAT(fault(nested(10'000)), HasSubstr("a.yaml:1: not valid YAML"));
}

}  // namespace
}  // namespace realface::configs
