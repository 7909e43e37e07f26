#include "cluster/metrics/curve.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace realface::cluster {
namespace {

class CurveTest : public testing::Test {
 protected:
  std::vector<int64_t> steps() const {
    std::vector<int64_t> found;
    std::ifstream file(path());
    for (std::string line; std::getline(file, line);) {
      found.push_back(nlohmann::json::parse(line).at("step").get<int64_t>());
    }
    return found;
  }
  std::filesystem::path path() const { return folder_.path() / "metrics.jsonl"; }
  static void fill(Curve& curve, int64_t first, int64_t last) {
    for (int64_t step = first; step <= last; ++step) { curve.append({{"step", step}, {"loss", 1.0}}); }
  }

  TemporaryFolder folder_;
};

TEST_F(CurveTest, AppendsOneObjectALine) {
  Curve curve(path());
  fill(curve, 1, 3);
  EXPECT_EQ(steps(), (std::vector<int64_t>{1, 2, 3}));
}

TEST_F(CurveTest, AResumeCutsTheLinesAfterItsStep) {
  {
    Curve curve(path());
    fill(curve, 1, 9);
  }
  Curve curve(path());
  curve.cut_after(5);
  curve.append({{"step", 6}});
  EXPECT_EQ(steps(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(CurveTest, AnUnannouncedResumeLeavesNoDoublesEither) {
  {
    Curve curve(path());
    fill(curve, 1, 9);
  }
  Curve curve(path());
  fill(curve, 4, 6);
  EXPECT_EQ(steps(), (std::vector<int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(CurveTest, ALineThatAKillLeftUnfinishedIsCut) {
  std::ofstream(path()) << "{\"step\":1}\n{\"step\":2,\"lo";
  Curve curve(path());
  curve.append({{"step", 2}});
  EXPECT_EQ(steps(), (std::vector<int64_t>{1, 2}));
}

TEST_F(CurveTest, WhatIsNotFiniteIsNull) {
  Curve curve(path());
  curve.append({{"step", 1}, {"loss", std::nan("")}, {"grad_norm", std::numeric_limits<double>::infinity()}});
  EXPECT_EQ(read_file(path()), "{\"grad_norm\":null,\"loss\":null,\"step\":1}\n");
}

TEST_F(CurveTest, AFolderInTheWayIsAnErrorThatNamesIt) {
  std::filesystem::create_directories(path());
  try {
    Curve curve(path());
    curve.append({{"step", 1}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("metrics.jsonl]"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace realface::cluster
