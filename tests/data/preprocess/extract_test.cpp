#include "data/preprocess/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data/codec/codec.h"
#include "data/preprocess/faces/crop.h"
#include "data/preprocess/video/opencv_view.h"
#include "tests/data/preprocess/videos.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using importers::Source;
using testing::HasSubstr;

std::shared_ptr<const FaceModels> model() {
  static const auto loaded = std::make_shared<const FaceModels>();
  return loaded;
}

/// A tree of procedural faces, made once for all tests of this file.
class Extract : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    write_face_tree(folder_->path() / "tree", kFrames);
    listing_ = new importers::Listing(importers::import_dataset("ffpp", folder_->path() / "tree", {}));
  }
  static void TearDownTestSuite() {
    delete listing_;
    delete folder_;
  }
  static const Source& first(int8_t label) {
    return *std::ranges::find_if(listing_->sources, [label](const Source& source) { return source.label == label; });
  }
  static Extracted extracted(const Source& source, const PreprocessConfig& config = {}) {
    FaceFinder finder(model());
    Decoder decoder;
    return extract(source, config, finder, decoder);
  }
  static Source file(const std::string& path, importers::SourceKind kind = importers::SourceKind::video) {
    Source source;
    source.key = "folder/x";
    source.path = path;
    source.kind = kind;
    return source;
  }

  static constexpr int64_t kFrames = 12;
  static TemporaryFolder* folder_;
  static importers::Listing* listing_;
};
TemporaryFolder* Extract::folder_ = nullptr;
importers::Listing* Extract::listing_ = nullptr;

TEST_F(Extract, FindsTheFaceOfEveryFrameAndStoresCropsThatDecode) {
  const Extracted video = extracted(first(0));
  EXPECT_EQ(video.record.status, VideoStatus::ok) << video.why;
  ASSERT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames));
  EXPECT_GE(video.detected, kFrames - 1);
  EXPECT_EQ(video.record.n_src, kFrames);
  std::vector<uint8_t> pixels(224 * 224 * 3);
  for (const auto& frame : video.record.frames) {
    decode_frame(Codec::gdiff_up_zstd, as_blob(frame.blob), 224, 224, pixels.data());
    const auto [low, high] = std::ranges::minmax(pixels);
    EXPECT_GT(high - low, 100);  // a face, not a flat picture
    // All landmarks in the crop, the eyes (36-47) above the mouth (48-67).
    double eyes = 0, mouth = 0;
    for (size_t i = 0; i < 68; ++i) {
      EXPECT_GT(frame.landmarks[2 * i], -12);
      EXPECT_LT(frame.landmarks[2 * i], 236);
      if (i >= 36) { (i < 48 ? eyes : mouth) += frame.landmarks[2 * i + 1] / (i < 48 ? 12.0 : 20.0); }
    }
    EXPECT_LT(eyes + 20, mouth);
  }
}

TEST_F(Extract, UsesOneBoxForAClipAndOneAFrameWhereAsked) {
  const auto affines = [&](const std::string& crop) {
    std::set<std::array<float, 6>> distinct;
    PreprocessConfig config;
    config.crop = crop;
    for (const auto& frame : extracted(first(0), config).record.frames) { distinct.insert(frame.affine); }
    return distinct.size();
  };
  EXPECT_EQ(affines("clip"), 1u);
  EXPECT_GT(affines("frame"), 1u);
}

TEST_F(Extract, GivesTheSameBytesAgain) {
  const Extracted a = extracted(first(0)), b = extracted(first(0));
  ASSERT_EQ(a.record.frames.size(), b.record.frames.size());
  for (size_t i = 0; i < a.record.frames.size(); ++i) {
    EXPECT_EQ(a.record.frames[i].blob, b.record.frames[i].blob);
    EXPECT_EQ(a.record.frames[i].landmarks, b.record.frames[i].landmarks);
  }
}

/// By --align.
class ExtractAligned : public Extract, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, ExtractAligned, testing::Values("none", "similarity"));

TEST_P(ExtractAligned, CropsTheMaskWithTheFrame) {
  const Source& fake = first(1);
  ASSERT_FALSE(fake.mask_path.empty());
  PreprocessConfig config;
  config.align = GetParam();
  const Extracted video = extracted(fake, config);
  ASSERT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames)) << video.why;
  EXPECT_EQ(video.masks_missing, 0);
  EXPECT_EQ(video.record.mask_source, MaskSource::dataset);
  std::map<int32_t, Picture> masks;
  open_video(fake.mask_path)->read(chosen_frames(kFrames, 30), [&](Frame frame) {
    masks[frame.index] = std::move(frame.picture);
  });
  for (const auto& frame : video.record.frames) {
    std::vector<uint8_t> stored(224 * 224);
    decode_mask(as_blob(frame.mask), 224, 224, stored.data());
    const Picture& mask = masks.at(frame.src_index);
    // The closed form of the nearest pixel, on a grid of points of the crop.
    const Affine back = inverse(frame.affine);
    for (int y = 3; y < 224; y += 10) {
      for (int x = 3; x < 224; x += 10) {
        const auto cx = static_cast<float>(x), cy = static_cast<float>(y);
        const float sx = back[0] * cx + back[1] * cy + back[2], sy = back[3] * cx + back[4] * cy + back[5];
        const auto at = [&](float dx, float dy) {
          const int px = static_cast<int>(std::lround(sx + dx)), py = static_cast<int>(std::lround(sy + dy));
          if (px < 0 || py < 0 || px >= mask.width || py >= mask.height) { return 0; }
          return mask.pixels[static_cast<size_t>(py) * mask.stride + 3 * static_cast<size_t>(px)] > 127 ? 1 : 0;
        };
        // OpenCV's fixed-point coordinates may differ by a fraction of a pixel: only points away from a border count.
        if (at(-0.2F, -0.2F) == at(0.2F, 0.2F) && at(-0.2F, 0.2F) == at(0.2F, -0.2F) && at(0, 0) == at(0.2F, -0.2F)) {
          ASSERT_EQ(stored[static_cast<size_t>(y * 224 + x)], at(0, 0)) << x << " " << y;
        }
      }
    }
    EXPECT_GT(std::ranges::count(stored, 1), 1000);
  }
}

TEST_P(ExtractAligned, CropsATurnedFaceLikeTheSameUpright) {
  const auto upright = folder_->path() / "upright", turned = folder_->path() / "turned";
  constexpr double kAngle = 18;
  open_video(first(0).path)->read({0, 1, 2, 3}, [&](const Frame& frame) {
    cv::Mat bgr, there;
    cv::cvtColor(view(frame.picture), bgr, cv::COLOR_RGB2BGR);
    const auto rotation = cv::getRotationMatrix2D(cv::Point2f(111.5F, 111.5F), kAngle, 1);
    cv::warpAffine(bgr, there, rotation, bgr.size(), cv::INTER_CUBIC, cv::BORDER_REPLICATE);
    for (const auto& [path, picture] : {std::pair(upright, bgr), std::pair(turned, there)}) {
      std::filesystem::create_directories(path);
      cv::imwrite(path / (std::to_string(frame.index) + ".png"), picture);
    }
  });
  PreprocessConfig config;
  config.align = GetParam();
  config.crop = "frame";
  const Extracted straight = extracted(file(upright, importers::SourceKind::frames), config);
  const Extracted leaning = extracted(file(turned, importers::SourceKind::frames), config);
  ASSERT_EQ(straight.record.frames.size(), 4U) << straight.why;
  ASSERT_EQ(leaning.record.frames.size(), 4U) << leaning.why;
  double apart = 0, angle = 0;
  for (size_t t = 0; t < 4; ++t) {
    const auto &a = straight.record.frames[t], &b = leaning.record.frames[t];
    for (size_t i = 0; i < 136; i += 2) {
      apart += std::hypot(a.landmarks[i] - b.landmarks[i], a.landmarks[i + 1] - b.landmarks[i + 1]) / (4 * 68);
    }
    angle += (std::atan2(b.affine[3], b.affine[0]) - std::atan2(a.affine[3], a.affine[0])) * 180 / CV_PI / 4;
  }
  if (GetParam() == std::string("similarity")) {
    EXPECT_LT(apart, 4);
    EXPECT_NEAR(angle, kAngle, 2);
  } else {
    EXPECT_GT(apart, 10);
    EXPECT_EQ(angle, 0);
  }
}

TEST_F(Extract, StoresNoMasksWhereNoneAreWanted) {
  PreprocessConfig config;
  config.import.masks = false;
  const Extracted video = extracted(first(1), config);
  EXPECT_EQ(video.record.mask_source, MaskSource::none);
  EXPECT_EQ(video.masks_missing, 0);
  ASSERT_FALSE(video.record.frames.empty());
  for (const auto& frame : video.record.frames) { EXPECT_TRUE(frame.mask.empty()); }
}

TEST_F(Extract, SaysWhyAMaskCannotBeUsedAndKeepsTheVideo) {
  Source fake = first(1);
  fake.mask_path = folder_->write("mask.mp4", "not a video");
  const Extracted video = extracted(fake);
  EXPECT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames));
  EXPECT_EQ(video.masks_missing, kFrames);
  EXPECT_EQ(video.record.mask_source, MaskSource::none);
  EXPECT_THAT(video.why, HasSubstr("its mask cannot be used"));
}

TEST_F(Extract, RecordsWhyAVideoHasNoFrames) {
  const Extracted text = extracted(file(folder_->write("text.mp4", "hello")));
  EXPECT_EQ(text.record.status, VideoStatus::unreadable);
  EXPECT_THAT(text.why, HasSubstr("text.mp4"));
  EXPECT_TRUE(text.record.frames.empty());

  write_counting_video(folder_->path() / "bars.mp4", 20);
  const Extracted bars = extracted(file(folder_->path() / "bars.mp4"));
  EXPECT_EQ(bars.record.status, VideoStatus::no_face);
  EXPECT_THAT(bars.why, HasSubstr("20 frames"));

  EXPECT_EQ(extracted(file(folder_->path() / "absent.mp4")).record.status, VideoStatus::unreadable);
}

TEST_F(Extract, TakesTheNearestBoxWhereAFrameHasNoFaceAndRefusesAVideoWithTooFew) {
  // Frames of a real face with some of them black, as a folder of pictures.
  const auto frames = folder_->path() / "frames", dark = folder_->path() / "dark";
  std::filesystem::create_directories(frames);
  std::filesystem::create_directories(dark);
  open_video(first(0).path)->read({0, 1, 2, 3, 4, 5}, [&](const Frame& frame) {
    cv::Mat rgb(frame.picture.height, frame.picture.width, CV_8UC3, const_cast<uint8_t*>(frame.picture.pixels.data()),
                frame.picture.stride);
    const std::string name = std::to_string(frame.index) + ".png";
    cv::imwrite(frames / name, frame.index == 2 ? cv::Mat(rgb.size(), rgb.type(), cv::Scalar(0)) : rgb);
    cv::imwrite(dark / name, frame.index >= 2 ? cv::Mat(rgb.size(), rgb.type(), cv::Scalar(0)) : rgb);
  });
  const Extracted video = extracted(file(frames, importers::SourceKind::frames));
  ASSERT_EQ(video.record.frames.size(), 6u) << video.why;
  EXPECT_EQ(video.detected, 5);
  EXPECT_TRUE((video.record.frames[2].flags & kTracked) != 0);
  EXPECT_EQ(video.record.frames[2].landmarks, video.record.frames[1].landmarks);
  EXPECT_TRUE((video.record.frames[1].flags & kTracked) == 0);

  const Extracted few = extracted(file(dark, importers::SourceKind::frames));
  EXPECT_EQ(few.record.status, VideoStatus::too_few_faces);
  EXPECT_TRUE(few.record.frames.empty());
  EXPECT_EQ(few.detected, 2);
}

TEST_F(Extract, FindsFacesOfPhotographsAndNoneWhereThereIsNone) {
  const char* data = std::getenv("REALFACE_TEST_DATA");
  const auto photos = std::filesystem::path(data == nullptr ? "" : data) / "photos";
  if (!std::filesystem::exists(photos)) { GTEST_SKIP() << "no photos/ in REALFACE_TEST_DATA"; }
  const auto of = [&](const std::string& name) {
    return extracted(file(photos / name, importers::SourceKind::picture));
  };
  EXPECT_EQ(of("one_face.jpg").record.frames.size(), 1u);
  EXPECT_EQ(of("no_face.jpg").record.status, VideoStatus::no_face);
  const Extracted two = of("two_faces.jpg");
  ASSERT_EQ(two.record.frames.size(), 1u);
  EXPECT_TRUE((two.record.frames[0].flags & kSeveralFaces) != 0);
}

}  // namespace
}  // namespace realface::data::preprocess
