#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "data/synthesis/splits.h"

namespace realface::data::synthesis {
namespace {

TEST(SynthesisSplits, HoldEveryIdentityOnceIn72To14To14) {
  const auto splits = make_splits(100, 3);
  EXPECT_EQ(splits.at("train").size(), 36U);
  EXPECT_EQ(splits.at("val").size(), 7U);
  EXPECT_EQ(splits.at("test").size(), 7U);
  std::set<int64_t> seen;
  for (const auto& [name, pairs] : splits) {
    for (const auto& [first, second] : pairs) {
      EXPECT_TRUE(seen.insert(first).second) << first << " twice";
      EXPECT_TRUE(seen.insert(second).second) << second << " twice";
    }
  }
  EXPECT_EQ(seen.size(), 100U);
  EXPECT_EQ(*seen.begin(), 0);
  EXPECT_EQ(*seen.rbegin(), 99);
}

TEST(SynthesisSplits, HaveAPairEachWithTheFewestIdentities) {
  const auto splits = make_splits(6, 0);
  EXPECT_EQ(splits.at("train").size(), 1U);
  EXPECT_EQ(splits.at("val").size(), 1U);
  EXPECT_EQ(splits.at("test").size(), 1U);
}

TEST(SynthesisSplits, DependOnTheSeedAlone) {
  EXPECT_EQ(make_splits(40, 7), make_splits(40, 7));
  EXPECT_NE(make_splits(40, 7), make_splits(40, 8));
}

TEST(SynthesisSplits, RefuseNumbersThatCannotBePaired) {
  EXPECT_THROW(make_splits(7, 0), UsageError);
  EXPECT_THROW(make_splits(4, 0), UsageError);
  EXPECT_THROW(make_splits(-2, 0), UsageError);
}

TEST(SynthesisSplits, AreListsOfPairsOfStringsOfOneWidth) {
  EXPECT_EQ(identity_name(7, 40), "007");
  EXPECT_EQ(identity_name(999, 1000), "999");
  EXPECT_EQ(identity_name(7, 1002), "0007");
  const auto json = nlohmann::json::parse(split_json({{71, 54}, {1, 1001}}, 1002));
  EXPECT_EQ(json, nlohmann::json::parse(R"([["0071","0054"],["0001","1001"]])"));
}

}  // namespace
}  // namespace realface::data::synthesis
