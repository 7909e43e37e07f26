#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/inspection/logistic.h"

namespace realface::data {
namespace {

TEST(Logistic, FitsAsScikitLearnDoes) {
  const auto sets = nlohmann::json::parse(read_file(std::string(REALFACE_FIXTURES) + "/logistic_fixture.json"));
  ASSERT_EQ(sets.size(), 3u);
  for (const auto& set : sets) {
    const std::string name = set["name"];
    const auto rows = set["rows"].get<FeatureRows>();
    const auto labels = set["labels"].get<std::vector<uint8_t>>();
    const Logistic fit = fit_logistic(rows, labels, set["strength"]);
    ASSERT_EQ(fit.weights.size(), 3u);
    for (size_t i = 0; i < 3; ++i) { EXPECT_NEAR(fit.weights[i], set["weights"][i].get<double>(), 1e-7) << name; }
    EXPECT_NEAR(fit.intercept, set["intercept"].get<double>(), 1e-7) << name;
    std::vector<double> scores, first;
    for (const auto& row : rows) {
      scores.push_back(fit.score(row));
      first.push_back(row[0]);
    }
    const RankedPairs fitted = ranked_pairs(scores, labels), raw = ranked_pairs(first, labels);
    EXPECT_NEAR(fitted.right / fitted.all, set["auc"].get<double>(), 1e-12) << name;
    EXPECT_NEAR(raw.right / raw.all, set["auc_of_first_feature"].get<double>(), 1e-12) << name;
  }
}

TEST(Logistic, StaysFiniteWithOneClassOrFeaturesWithoutVariety) {
  const Logistic one = fit_logistic({{1, 2}, {3, -1}, {0, 0}}, {1, 1, 1});
  EXPECT_TRUE(std::isfinite(one.intercept) && std::isfinite(one.weights[0]));
  EXPECT_GT(one.score({0, 0}), 5);
  const Logistic flat = fit_logistic({{0, 0}, {0, 0}, {0, 0}, {0, 0}}, {1, 0, 0, 0});
  EXPECT_EQ(flat.weights, (std::vector<double>{0, 0}));
  EXPECT_NEAR(flat.intercept, std::log(1.0 / 3), 1e-9);
}

TEST(Logistic, RefusesNoRows) {
  EXPECT_THROW(fit_logistic({}, {}), Error);
  EXPECT_THROW(fit_logistic({{1.0}}, {1, 0}), Error);
}

TEST(RankedPairs, CountsTiesHalfAndOneClassAsNothing) {
  const RankedPairs pairs = ranked_pairs({1, 2, 2, 3}, {0, 0, 1, 1});
  EXPECT_EQ(pairs.all, 4);
  EXPECT_EQ(pairs.right, 3.5);
  EXPECT_EQ(ranked_pairs({5, 5, 5}, {0, 1, 1}).right, 1);
  EXPECT_EQ(ranked_pairs({1, 2}, {1, 1}).all, 0);
  EXPECT_EQ(ranked_pairs({}, {}).all, 0);
}

}  // namespace
}  // namespace realface::data
