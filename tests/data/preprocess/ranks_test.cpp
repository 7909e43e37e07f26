// Every rank draws videos; whatever goes wrong on one ends all of them with the same kind of error.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/sha256.h"
#include "data/preprocess/preprocess.h"
#include "data/shards/manifest.h"
#include "data/shards/reader.h"
#include "distributed/agreement.h"
#include "tests/data/preprocess/faces/disc_detector.h"
#include "tests/data/preprocess/videos.h"
#include "tests/mpi_world.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using realface::testing::mpi_world;

/// One folder for all ranks.
class PreprocessRanks : public ::testing::Test {
 protected:
  PreprocessRanks() : root(distributed::broadcast_string(mpi_world().host_group(), own.path().string())) {}
  ~PreprocessRanks() override { mpi_world().host_group().barrier()->wait(); }

  PreprocessConfig config(const std::string& input, const std::string& output) const {
    PreprocessConfig config;
    config.input = root / input;
    config.output = root / output;
    config.size = 64;
    config.frames = 4;
    return config;
  }
  void on_first(const std::function<void()>& work) const {
    distributed::agree(mpi_world().host_group(), "the test's files", [&] {
      if (mpi_world().rank() == 0) { work(); }
    });
  }
  /// Whether this rank's call threw an Error.
  static bool refused(const PreprocessConfig& config) {
    try {
      preprocess(config, mpi_world());
    } catch (const Error&) { return true; }
    return false;
  }

  TemporaryFolder own;
  std::filesystem::path root;
};

TEST_F(PreprocessRanks, WriteTheSameBytesWhateverTheThreadsAndFinishOnce) {
  on_first([this] { write_face_tree(root / "tree", 4); });
  PreprocessConfig one = config("tree", "one"), many = config("tree", "many");
  one.dataset = many.dataset = "ffpp";
  one.threads = 1;
  many.threads = 3;
  const auto outcome = preprocess(one, mpi_world());
  EXPECT_FALSE(outcome.was_finished);
  preprocess(many, mpi_world());
  EXPECT_TRUE(preprocess(one, mpi_world()).was_finished);
  if (mpi_world().rank() == 0) {
    EXPECT_EQ(outcome.report.videos(), 12);  // 6 people, and the fakes of 3 pairs in both directions
    for (const auto* name :
         {"manifest.json", "train-00000-of-00001.h5", "val-00000-of-00001.h5", "test-00000-of-00001.h5"}) {
      EXPECT_EQ(sha256_file(root / "one" / name), sha256_file(root / "many" / name)) << name;
    }
  }
}

TEST_F(PreprocessRanks, WriteTheSameBytesThroughChildrenAndLoseOneVideoToACrash) {
  on_first([this] { write_face_tree(root / "tree", 4); });
  PreprocessConfig here = config("tree", "here"), children = config("tree", "children"),
                   crash = config("tree", "crash");
  here.dataset = children.dataset = crash.dataset = "ffpp";
  children.decoder = crash.decoder = REALFACE_DECODER_CHILD;
  preprocess(here, mpi_world());
  preprocess(children, mpi_world());
  setenv("REALFACE_FAILPOINT", "decoder.abort:youtube/c23/videos/000.mp4", 1);
  const auto outcome = preprocess(crash, mpi_world());
  unsetenv("REALFACE_FAILPOINT");
  if (mpi_world().rank() != 0) { return; }
  EXPECT_EQ(outcome.report.skipped(), "1 crashed");
  EXPECT_EQ(outcome.report.videos(), 12);
  for (const auto* name :
       {"manifest.json", "train-00000-of-00001.h5", "val-00000-of-00001.h5", "test-00000-of-00001.h5"}) {
    EXPECT_EQ(sha256_file(root / "here" / name), sha256_file(root / "children" / name)) << name;
  }
  int64_t shipped = 0, none = 0;
  for (const ShardEntry& entry : Manifest::load(root / "children").shards) {
    for (const int8_t source : open_shard(root / "children" / entry.name).index.mask_source) {
      (source == static_cast<int8_t>(MaskSource::dataset) ? shipped : none) += 1;
    }
  }
  EXPECT_EQ(shipped, 6);  // the fakes
  EXPECT_EQ(none, 6);     // the reals
  EXPECT_EQ(Manifest::load(root / "crash").frames(), Manifest::load(root / "here").frames() - 4);
}

TEST_F(PreprocessRanks, WriteTheSameBytesWithACnnAndRefuseAnotherOneOnOneOfThem) {
  on_first([this] {
    std::filesystem::create_directories(root / "discs");
    write_disc_detector(root / "discs.dat");
    for (int i = 0; i < 6; ++i) {
      cv::Mat picture(240, 320, CV_8UC3, cv::Scalar(110, 110, 110));
      cv::circle(picture, {140 + 8 * i, 120}, 45 + 3 * i, cv::Scalar(0, 0, 255), cv::FILLED);  // in BGR
      cv::imwrite(root / "discs" / ("p" + std::to_string(i) + ".png"), picture);
    }
  });
  PreprocessConfig one = config("discs", "one"), many = config("discs", "many"), other = config("discs", "other");
  one.detector_model = many.detector_model = root / "discs.dat";
  one.threads = 1;
  many.threads = 3;
  preprocess(one, mpi_world());
  preprocess(many, mpi_world());
  EXPECT_EQ(sha256_file(root / "one" / "manifest.json"), sha256_file(root / "many" / "manifest.json"));
  EXPECT_EQ(Manifest::load(root / "one").frames(), 6);
  if (mpi_world().size() == 1) { return; }
  if (mpi_world().rank() != 0) { other.detector_model = root / "discs.dat"; }
  EXPECT_TRUE(refused(other));
}

TEST_F(PreprocessRanks, EndTogetherWhereNoVideoHasAFace) {
  on_first([this] {
    std::filesystem::create_directories(root / "bad");
    for (const auto* name : {"a.mp4", "b.mp4", "c.mp4", "d.mp4"}) {
      std::ofstream(root / "bad" / name) << "not a video";
    }
  });
  EXPECT_TRUE(refused(config("bad", "out")));
  EXPECT_FALSE(std::filesystem::exists(root / "out" / "manifest.json"));
}

TEST_F(PreprocessRanks, EndTogetherWhereOneOfThemCannotWrite) {
  on_first([this] {
    write_face_tree(root / "tree", 4);
    std::filesystem::create_directories(root / "out" / ".parts");
  });
  PreprocessConfig blocked = config("tree", "out");
  blocked.dataset = "ffpp";
  on_first([this] { std::filesystem::create_directories(root / "out" / ".parts" / "3.part" / "in the way"); });
  // The folder in the place of a part counts as done until the shard is put together; then one rank cannot read it.
  EXPECT_TRUE(refused(blocked));
  mpi_world().host_group().barrier()->wait();
  on_first([this] { std::filesystem::remove_all(root / "out" / ".parts" / "3.part"); });
  EXPECT_FALSE(refused(blocked));
}

TEST_F(PreprocessRanks, EndTogetherWhereTheInputIsAbsent) { EXPECT_TRUE(refused(config("absent", "out"))); }

}  // namespace
}  // namespace realface::data::preprocess
