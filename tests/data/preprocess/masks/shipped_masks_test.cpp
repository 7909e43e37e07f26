// Masks of a dataset that do not fit their fakes: the video is kept, and what is wrong is said.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>

#include "data/preprocess/extract.h"
#include "tests/data/preprocess/videos.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using testing::HasSubstr;

class ShippedMasks : public testing::Test {
 protected:
  static constexpr int kFrames = 12, kSize = 224;

  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    write_face_tree(folder_->path() / "tree", kFrames);
    const auto listing = importers::import_dataset("ffpp", folder_->path() / "tree", {});
    fake_ = new importers::Source(*std::ranges::find(listing.sources, 1, &importers::Source::label));
  }
  static void TearDownTestSuite() {
    delete fake_;
    delete folder_;
  }

  /// The fake with `count` masks of that size, white all over.
  static Extracted with_masks(const std::string& name, int count, int width, int height) {
    const auto path = folder_->path() / name;
    std::filesystem::create_directories(path);
    for (int i = 0; i < count; ++i) {
      cv::imwrite(path / (std::to_string(i) + ".png"), cv::Mat(height, width, CV_8UC3, cv::Scalar(255, 255, 255)));
    }
    importers::Source source = *fake_;
    source.mask_path = path;
    static const auto models = std::make_shared<const FaceModels>();
    FaceFinder finder(models);
    Decoder decoder;
    return extract(source, {}, finder, decoder);
  }

  static TemporaryFolder* folder_;
  static importers::Source* fake_;
};
TemporaryFolder* ShippedMasks::folder_ = nullptr;
importers::Source* ShippedMasks::fake_ = nullptr;

TEST_F(ShippedMasks, OfAnotherShapeAreRefused) {
  const Extracted video = with_masks("wide", kFrames, kSize, kSize / 2);
  EXPECT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames));
  EXPECT_EQ(video.record.status, VideoStatus::ok);
  EXPECT_EQ(video.record.mask_source, MaskSource::none);
  EXPECT_EQ(video.masks_missing, kFrames);
  EXPECT_THAT(video.why, HasSubstr("its mask cannot be used: ["));
  EXPECT_THAT(video.why, HasSubstr("/wide] has masks of 224 x 112 and belongs to frames of 224 x 224"));
  for (const auto& frame : video.record.frames) { EXPECT_TRUE(frame.mask.empty()); }
}

TEST_F(ShippedMasks, OfHalfTheSizeAreTaken) {
  const Extracted video = with_masks("half", kFrames, kSize / 2, kSize / 2);
  EXPECT_EQ(video.record.mask_source, MaskSource::dataset);
  EXPECT_EQ(video.masks_missing, 0);
  EXPECT_EQ(video.why, "");
}

TEST_F(ShippedMasks, ThatEndBeforeTheirFakeAreTakenAsFarAsTheyGo) {
  const Extracted video = with_masks("short", 5, kSize, kSize);
  ASSERT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames));
  EXPECT_EQ(video.record.mask_source, MaskSource::dataset);
  EXPECT_EQ(video.masks_missing, kFrames - 5);
  EXPECT_THAT(video.why, HasSubstr("there are 5 masks for its 12 frames"));
  for (size_t i = 0; i < kFrames; ++i) { EXPECT_EQ(video.record.frames[i].mask.empty(), i >= 5) << i; }
}

}  // namespace
}  // namespace realface::data::preprocess
