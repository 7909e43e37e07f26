#include "stages/scores/scores_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/atomic_file.h"
#include "base/error.h"
#include "stages/scores/results.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

using testing::HasSubstr;

VideoScore video(const std::string& key, int label, const std::string& method, double p_fake) {
  return {"test", "ffpp", key, method, label, 5, {p_fake}, p_fake};
}

class ScoresFile : public testing::Test {
 protected:
  std::string fault(const std::string& text) {
    publish_file(path(), text);
    try {
      (void)read_scores(path());
    } catch (const Error& error) { return error.what(); }
    return "";
  }
  std::filesystem::path path() const { return folder_.path() / "scores.csv"; }
  TemporaryFolder folder_;
};

TEST_F(ScoresFile, ReadsBackTheSameNumbersAndNames) {
  Scores written{{"vit", "map"}, {}};
  written.videos.push_back(
      {"a,b", "ffpp", "say \"000_003\"\nand more", "Deep\rfakes", 1, 30, {0.1, 1.0 / 3.0}, 0.1 + 0.2});
  written.videos.push_back({"test", "dfdc", "x", "", 0, 0, {}, kNaN});
  write_scores(path(), written);
  const auto read = read_scores(path());
  EXPECT_EQ(read.branches, written.branches);
  ASSERT_EQ(read.videos.size(), 2U);
  EXPECT_EQ(read.videos[0].set, "a,b");
  EXPECT_EQ(read.videos[0].video, "say \"000_003\"\nand more");
  EXPECT_EQ(read.videos[0].method, "Deep\rfakes");
  EXPECT_EQ(read.videos[0].branches, written.videos[0].branches);
  EXPECT_EQ(read.videos[0].p_fake, 0.1 + 0.2);
  EXPECT_EQ(read.videos[1].frames, 0);
  EXPECT_TRUE(std::isnan(read.videos[1].p_fake));
  EXPECT_THAT(read_file(path()), HasSubstr("set,dataset,video,method,label,frames,p_vit,p_map,p_fake\n"));
}

TEST_F(ScoresFile, SaysWhereItCannotBeRead) {
  const std::string header = "set,dataset,video,method,label,frames,p_vit,p_fake\n";
  EXPECT_THAT(fault("video,score\na,1\n"), HasSubstr("expected set,dataset,video"));
  EXPECT_THAT(fault(header + "test,ffpp,a,,0,5,0.5\n"), HasSubstr("record 2 has 7 fields; expected 8"));
  EXPECT_THAT(fault(header + "test,ffpp,a,,0,5,0.5,half\n"), HasSubstr("'half' is no number"));
  EXPECT_THAT(fault(header + "test,ffpp,a,,2,5,0.5,0.5\n"), HasSubstr("label 2"));
  EXPECT_THAT(fault(header + "test,ffpp,a,,0,5,0.5,0.5\ntest,ffpp,a,x,1,5,0.5,0.5\n"), HasSubstr("comes twice"));
}

TEST(Results, MethodsAreMeasuredAgainstAllRealsOfTheirSet) {
  Scores scores{{"vit"},
                {video("r1", 0, "", 0.1), video("r2", 0, "", 0.4), video("d1", 1, "Deepfakes", 0.9),
                 video("d2", 1, "Deepfakes", 0.3), video("s1", 1, "FaceSwap", 0.05), video("s2", 1, "FaceSwap", kNaN)}};
  const auto set = results_of(scores)["sets"]["test"];
  EXPECT_DOUBLE_EQ(set["video"]["Deepfakes"]["auc"].get<double>(), 0.75);
  EXPECT_DOUBLE_EQ(set["video"]["FaceSwap"]["auc"].get<double>(), 0);
  EXPECT_DOUBLE_EQ(set["video"]["all"]["auc"].get<double>(), 0.5);
  EXPECT_EQ(set["video"]["all"]["real"], 2);
  EXPECT_EQ(set["video"]["all"]["fake"], 3);
  EXPECT_EQ(set["video"]["FaceSwap"]["fake"], 1);
  EXPECT_TRUE(set["video"]["FaceSwap"]["auc_low"].is_null());
  EXPECT_THAT(set["video"]["FaceSwap"]["reason"].get<std::string>(), HasSubstr("two videos"));
  EXPECT_EQ(set["without_face"]["fake"], 1);
  EXPECT_EQ(set["without_face"]["real"], 0);
}

TEST(Results, ASetWithoutOneClassSaysSo) {
  const auto set = results_of({{"vit"}, {video("r1", 0, "", 0.1), video("r2", 0, "", 0.4)}})["sets"]["test"];
  EXPECT_TRUE(set["video"]["all"]["auc"].is_null());
  EXPECT_EQ(set["video"]["all"]["reason"], "no fake videos");
  EXPECT_EQ(set["video"]["all"]["acc"], 1.0);
}

}  // namespace
}  // namespace realface::stages
