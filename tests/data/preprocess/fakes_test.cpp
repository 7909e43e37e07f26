// What a fake needs besides its faces: masks by difference, the right person, labels in time, its true compression.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data/codec/codec.h"
#include "data/preprocess/extract.h"
#include "data/preprocess/faces/crop.h"
#include "data/preprocess/video/opencv_view.h"
#include "tests/data/preprocess/videos.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using importers::Source;
using importers::SourceKind;
using testing::HasSubstr;

constexpr int kFrames = 6, kSize = 224;

/// Frames of two procedural people, in OpenCV's order of colours, made once.
class Fakes : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    write_face_tree(folder_->path() / "tree", kFrames);
    const auto listing = importers::import_dataset("ffpp", folder_->path() / "tree", {});
    people_ = new std::vector<std::vector<cv::Mat>>;
    for (const Source& source : listing.sources) {
      if (source.label == 0 && people_->size() < 2) { people_->push_back(pictures_of(source.path)); }
    }
  }
  static void TearDownTestSuite() {
    delete people_;
    delete folder_;
  }

  static std::vector<cv::Mat> pictures_of(const std::string& path) {
    std::vector<cv::Mat> pictures;
    open_video(path)->read(chosen_frames(kFrames, kFrames), [&](const Frame& frame) {
      cv::cvtColor(view(frame.picture), pictures.emplace_back(), cv::COLOR_RGB2BGR);
    });
    return pictures;
  }

  static std::string write(const std::string& name, const std::vector<cv::Mat>& pictures) {
    const auto path = folder_->path() / name;
    std::filesystem::create_directories(path);
    for (size_t i = 0; i < pictures.size(); ++i) { cv::imwrite(path / (std::to_string(i) + ".png"), pictures[i]); }
    return path;
  }

  static Source fake(const std::string& path) {
    Source source;
    source.key = "test/fake";
    source.path = path;
    source.kind = SourceKind::frames;
    source.label = 1;
    return source;
  }

  static Extracted extracted(const Source& source, const PreprocessConfig& config = {}) {
    static const auto model = std::make_shared<const FaceModels>();
    FaceFinder finder(model);
    Decoder decoder;
    return extract(source, config, finder, decoder);
  }

  /// The first person's frames with a brighter rectangle.
  static std::vector<cv::Mat> forged() {
    std::vector<cv::Mat> pictures;
    for (const cv::Mat& real : people_->front()) {
      pictures.push_back(real.clone());
      cv::Mat patch = pictures.back()(kPatch);
      patch += cv::Scalar(70, 70, 70);
    }
    return pictures;
  }

  static inline const cv::Rect kPatch{90, 100, 40, 30};
  static TemporaryFolder* folder_;
  static std::vector<std::vector<cv::Mat>>* people_;
};
TemporaryFolder* Fakes::folder_ = nullptr;
std::vector<std::vector<cv::Mat>>* Fakes::people_ = nullptr;

/// By --align.
class FakesAligned : public Fakes, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(, FakesAligned, testing::Values("none", "similarity"));

TEST_P(FakesAligned, GetMasksFromTheDifferenceToTheirOriginal) {
  Source source = fake(write("forged", forged()));
  source.original_path = write("original", people_->front());
  PreprocessConfig config;
  config.align = GetParam();
  const Extracted video = extracted(source, config);
  ASSERT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames)) << video.why;
  EXPECT_EQ(video.record.mask_source, MaskSource::difference);
  EXPECT_EQ(video.masks_missing, 0);
  for (const auto& frame : video.record.frames) {
    std::vector<uint8_t> stored(kSize * kSize);
    decode_mask(as_blob(frame.mask), kSize, kSize, stored.data());
    const Affine back = inverse(frame.affine);
    // Inside and outside of the patch, two pixels away from its edge, where smoothing decides.
    int64_t inside = 0;
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        const auto cx = static_cast<float>(x), cy = static_cast<float>(y);
        const float sx = back[0] * cx + back[1] * cy + back[2], sy = back[3] * cx + back[4] * cy + back[5];
        const cv::Rect2f patch(kPatch);
        const auto within = [&](float more) {
          return sx > patch.x - more && sx < patch.x + patch.width - 1 + more && sy > patch.y - more &&
                 sy < patch.y + patch.height - 1 + more;
        };
        const int bit = stored[static_cast<size_t>(y * kSize + x)];
        if (within(-3)) {
          ASSERT_EQ(bit, 1) << x << " " << y;
          ++inside;
        }
        if (!within(3)) { ASSERT_EQ(bit, 0) << x << " " << y; }
      }
    }
    EXPECT_GT(inside, 300);
  }
}

TEST_F(Fakes, PairFrameWithFrameUpToTheShorterLength) {
  Source source = fake(write("forged", forged()));
  source.original_path = write("shorter", {people_->front().begin(), people_->front().begin() + 4});
  const Extracted video = extracted(source);
  ASSERT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames));
  EXPECT_EQ(video.masks_missing, 2);
  EXPECT_THAT(video.why, HasSubstr("its original has 4 frames for its 6"));
  for (size_t i = 0; i < video.record.frames.size(); ++i) {
    EXPECT_EQ(video.record.frames[i].mask.empty(), i >= 4) << i;
  }
}

TEST_F(Fakes, AreKeptWithoutMasksWhereTheOriginalIsOfAnotherSizeOrNone) {
  std::vector<cv::Mat> small;
  for (const cv::Mat& real : people_->front()) { cv::resize(real, small.emplace_back(), {112, 112}); }
  Source source = fake(write("forged", forged()));
  source.original_path = write("small", small);
  const Extracted other = extracted(source);
  EXPECT_EQ(other.record.frames.size(), static_cast<size_t>(kFrames));
  EXPECT_EQ(other.record.mask_source, MaskSource::unaligned);
  EXPECT_EQ(other.masks_missing, kFrames);
  EXPECT_THAT(other.why, HasSubstr("frames of 112 x 112; 224 x 224 were expected"));

  source.original_path = folder_->path() / "absent.mp4";
  EXPECT_EQ(extracted(source).record.frames.size(), static_cast<size_t>(kFrames));
}

TEST_F(Fakes, GetNoMaskFromAnOriginalThatDoesNotAlign) {
  std::vector<cv::Mat> shifted;
  for (const cv::Mat& real : people_->front()) {
    cv::warpAffine(real, shifted.emplace_back(), cv::Matx23d(1, 0, 5, 0, 1, -3), real.size(), cv::INTER_LINEAR,
                   cv::BORDER_REPLICATE);
  }
  Source source = fake(write("forged", forged()));
  source.original_path = write("shifted", shifted);
  const Extracted video = extracted(source);
  EXPECT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames));
  EXPECT_EQ(video.record.mask_source, MaskSource::unaligned);
  EXPECT_EQ(video.masks_missing, kFrames);
  // Compression moves the estimate by a part of a pixel.
  EXPECT_THAT(video.why, ::testing::ContainsRegex("its original is shifted by -[456], [234] pixels"));
  for (const auto& frame : video.record.frames) { EXPECT_TRUE(frame.mask.empty()); }
}

TEST_F(Fakes, GetNoMaskWhereNearlyAllDiffers) {
  std::vector<cv::Mat> bright;
  for (const cv::Mat& real : people_->front()) { bright.push_back(real + cv::Scalar(60, 60, 60)); }
  Source source = fake(write("bright", bright));
  source.original_path = write("original2", people_->front());
  const Extracted video = extracted(source);
  EXPECT_EQ(video.record.mask_source, MaskSource::unaligned);
  EXPECT_THAT(video.why, HasSubstr("differs from its original nearly everywhere"));
}

std::vector<cv::Mat> with_noise(std::vector<cv::Mat> frames, const std::vector<size_t>& which) {
  for (const size_t frame : which) {
    cv::Mat noise(frames[frame].size(), CV_8UC3);
    cv::RNG(7).fill(noise, cv::RNG::UNIFORM, 0, 60);
    frames[frame] = frames[frame] + noise;
  }
  return frames;
}

TEST_F(Fakes, GetNoMaskBySsimWhereCompressionChangedTheFaceAsMuch) {
  // Noise over all of a frame: the hull of what differs is the whole square about the face.
  Source source = fake(write("noisy", with_noise(forged(), {1, 4})));
  source.original_path = write("original3", people_->front());
  PreprocessConfig config;
  config.mask_rule.name = "ssim";
  const Extracted video = extracted(source, config);
  EXPECT_EQ(video.record.mask_source, MaskSource::ssim);
  EXPECT_EQ(video.masks_missing, 2);
  for (size_t i = 0; i < video.record.frames.size(); ++i) {
    EXPECT_EQ(video.record.frames[i].mask.empty(), i == 1 || i == 4) << i;
  }
}

TEST_F(Fakes, WhereAllOfTheirFramesAreChangedLikeThatAreNotCalledUnaligned) {
  std::vector<size_t> all(kFrames);
  std::iota(all.begin(), all.end(), 0);
  Source source = fake(write("noisier", with_noise(forged(), all)));
  source.original_path = write("original4", people_->front());
  PreprocessConfig config;
  config.mask_rule.name = "ssim";
  const Extracted video = extracted(source, config);
  EXPECT_EQ(video.record.mask_source, MaskSource::none);
  EXPECT_EQ(video.masks_missing, kFrames);
  EXPECT_THAT(video.why, HasSubstr("differs from it nearly everywhere in every frame"));
}

TEST_F(Fakes, AreThePersonWhomTheMaskCovers) {
  // The larger person on the left, the smaller one on the right.
  std::vector<cv::Mat> both, left, right;
  for (int i = 0; i < kFrames; ++i) {
    cv::Mat large, small, picture(320, 640, CV_8UC3, cv::Scalar(90, 90, 90));
    cv::resize((*people_)[0][static_cast<size_t>(i)], large, {320, 320}, 0, 0, cv::INTER_CUBIC);
    cv::resize((*people_)[1][static_cast<size_t>(i)], small, {250, 250}, 0, 0, cv::INTER_CUBIC);
    large.copyTo(picture(cv::Rect(0, 0, 320, 320)));
    small.copyTo(picture(cv::Rect(355, 35, 250, 250)));
    both.push_back(picture);
    left.emplace_back(320, 640, CV_8UC3, cv::Scalar(0, 0, 0));
    left.back()(cv::Rect(100, 100, 120, 120)).setTo(cv::Scalar(255, 255, 255));
    right.emplace_back(320, 640, CV_8UC3, cv::Scalar(0, 0, 0));
    right.back()(cv::Rect(430, 110, 100, 100)).setTo(cv::Scalar(255, 255, 255));
  }
  Source source = fake(write("both", both));
  const auto centre = [&](const std::string& masks) {
    source.mask_path = masks;
    const Extracted video = extracted(source);
    EXPECT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames)) << video.why;
    const auto& box = video.record.frames.at(0).bbox;
    EXPECT_TRUE((video.record.frames.at(0).flags & kSeveralFaces) != 0);
    return (box[0] + box[2]) / 2;
  };
  EXPECT_LT(centre(""), 320);
  EXPECT_LT(centre(write("left", left)), 320);
  EXPECT_GT(centre(write("right", right)), 320);
}

TEST_F(Fakes, InFoldersHaveTheMasksOfTheSameNumbers) {
  Source source = fake(write("forged", forged()));
  std::vector<cv::Mat> masks(kFrames);
  for (auto& mask : masks) { mask = cv::Mat(kSize, kSize, CV_8UC3, cv::Scalar(255, 255, 255)); }
  source.mask_path = write("masks", masks);
  std::filesystem::remove(std::filesystem::path(source.mask_path) / "1.png");
  const Extracted video = extracted(source);
  ASSERT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames)) << video.why;
  for (size_t i = 0; i < kFrames; ++i) { EXPECT_EQ(video.record.frames[i].mask.empty(), i == 1) << i; }
  EXPECT_EQ(video.masks_missing, 1);
}

TEST_F(Fakes, SayHowManyOfTheirFramesCannotBeDecoded) {
  const std::string path = write("broken", forged());
  std::filesystem::resize_file(std::filesystem::path(path) / "0.png", 10);
  std::filesystem::resize_file(std::filesystem::path(path) / "4.png", 10);
  const Extracted video = extracted(fake(path));
  EXPECT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames - 2));
  EXPECT_THAT(video.why, HasSubstr("2 of the 6 frames that were chosen cannot be decoded"));
}

TEST_F(Fakes, HaveLabelsAndSegmentsInTime) {
  Source source = fake(write("forged", forged()));
  source.runs = {{0, 2, 0}, {2, 1, 1}, {4, 100, 0}};
  const Extracted video = extracted(source);
  ASSERT_EQ(video.record.frames.size(), static_cast<size_t>(kFrames));
  const int8_t want[] = {0, 0, 1, 1, 0, 0};  // frame 3 is in no run, so it is what the video is
  for (size_t i = 0; i < kFrames; ++i) { EXPECT_EQ(video.record.frames[i].label, want[i]) << i; }
  EXPECT_EQ(video.record.label, 1);
  ASSERT_EQ(video.record.segments.size(), 3u);
  EXPECT_EQ(video.record.segments[0].last, 1);
  EXPECT_EQ(video.record.segments[1].first, 2);
  EXPECT_EQ(video.record.segments[1].last, 2);
  EXPECT_EQ(video.record.segments[1].label, 1);
  EXPECT_EQ(video.record.segments[2].last, kFrames - 1);

  source.runs = {{50, 10, 0}};
  EXPECT_TRUE(extracted(source).record.segments.empty());
}

TEST_F(Fakes, CropsInAnArchiveAreFoundInTheOrderOfTheirNumbers) {
  // As WildDeepfake has them: 224 x 224 crops of a face, numbers with gaps, several sequences in one file.
  const auto root = folder_->path() / "wild";
  std::filesystem::create_directories(root / "7/fake/0");
  std::filesystem::create_directories(root / "7/fake/1");
  const int numbers[] = {3, 9, 10, 11, 100, 250};
  const auto crops = extracted(fake(write("forged", forged())));
  for (size_t i = 0; i < kFrames; ++i) {
    cv::Mat rgb(kSize, kSize, CV_8UC3), bgr;
    decode_frame(Codec::gdiff_up_zstd, as_blob(crops.record.frames.at(i).blob), kSize, kSize, rgb.data);
    cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
    cv::imwrite(root / "7/fake/0" / (std::to_string(numbers[i]) + ".png"), bgr);
  }
  cv::imwrite(root / "7/fake/1/3.png", people_->front()[0]);
  folder_->write("wild/7/fake/0/notes.txt", "no picture");
  for (const int number : numbers) {  // as a Mac packs them
    folder_->write("wild/7/fake/0/._" + std::to_string(number) + ".png", "no picture");
  }
  const std::string archive = folder_->path() / "7.tar.gz";
  ASSERT_EQ(std::system(("tar -czf " + archive + " -C " + root.string() + " ./7").c_str()), 0);

  Source packed = fake(archive), loose = fake(root / "7/fake/0");
  packed.kind = SourceKind::archive;
  packed.member = "7/fake/0";
  const Extracted a = extracted(packed), b = extracted(loose);
  ASSERT_EQ(a.record.frames.size(), static_cast<size_t>(kFrames)) << a.why;
  EXPECT_EQ(a.detected, kFrames);
  EXPECT_EQ(a.record.n_src, kFrames);
  EXPECT_EQ(a.record.source_sha256, b.record.source_sha256);
  for (size_t i = 0; i < kFrames; ++i) { EXPECT_EQ(a.record.frames[i].blob, b.record.frames[i].blob) << i; }

  packed.member = "7/fake/2";
  EXPECT_EQ(extracted(packed).record.status, VideoStatus::unreadable);
  std::filesystem::resize_file(archive, std::filesystem::file_size(archive) / 2);
  packed.member = "7/fake/0";
  const Extracted cut = extracted(packed);
  EXPECT_EQ(cut.record.status, VideoStatus::unreadable);
  EXPECT_THAT(cut.why, HasSubstr("7.tar.gz"));
}

TEST_F(Fakes, AreToldApartFromWhatTheirFolderSaysOfTheirCompression) {
  Source source = importers::import_dataset("ffpp", folder_->path() / "tree", {}).sources.front();
  EXPECT_EQ(open_video(source.path)->info().x264_crf, 23);
  EXPECT_EQ(source.compression, "c23");
  EXPECT_EQ(extracted(source).why, "");
  source.compression = "c40";
  EXPECT_THAT(extracted(source).why, HasSubstr("compression c40, but x264 noted crf 23"));
}

TEST_F(Fakes, OfTheTestDataAreToldApartFromWhatTheirFolderSays) {
  const char* data = std::getenv("REALFACE_TEST_DATA");
  const auto root = std::filesystem::path(data == nullptr ? "" : data) / "ffpp/original_sequences/youtube/c23/videos";
  if (!std::filesystem::exists(root)) { GTEST_SKIP() << "no ffpp/ in REALFACE_TEST_DATA"; }
  EXPECT_EQ(open_video(root / "004.mp4")->info().x264_crf, 40);  // as the index of the test data states it
  EXPECT_EQ(open_video(root / "519.mp4")->info().x264_crf, 23);
  Source source = fake(root / "004.mp4");
  source.kind = SourceKind::video;
  source.label = 0;
  source.compression = "c23";
  EXPECT_THAT(extracted(source).why, HasSubstr("compression c23, but x264 noted crf 40"));
  source.compression = "c40";
  EXPECT_EQ(extracted(source).why, "");
}

TEST_F(Fakes, PairRealVideosWithTheirOriginals) {
  const char* data = std::getenv("REALFACE_TEST_DATA");
  const auto root = std::filesystem::path(data == nullptr ? "" : data) / "ffpp";
  if (!std::filesystem::exists(root)) { GTEST_SKIP() << "no ffpp/ in REALFACE_TEST_DATA"; }
  Source source = fake(root / "manipulated_sequences/Deepfakes/c23/videos/519_515.mp4");
  source.kind = SourceKind::video;
  source.original_path = root / "original_sequences/youtube/c23/videos/519.mp4";
  const Extracted video = extracted(source);
  ASSERT_EQ(video.record.frames.size(), 30u) << video.why;
  EXPECT_EQ(video.masks_missing, 0);
  // The face is what was forged: its middle differs, the border of the crop does not.
  double middle = 0, border = 0;
  for (const auto& frame : video.record.frames) {
    std::vector<uint8_t> bits(kSize * kSize);
    decode_mask(as_blob(frame.mask), kSize, kSize, bits.data());
    for (size_t y = 0; y < kSize; ++y) {
      for (size_t x = 0; x < kSize; ++x) {
        const bool edge = x < 12 || y < 12 || x >= kSize - 12 || y >= kSize - 12;
        const bool core = x > 60 && x < 164 && y > 60 && y < 164;
        if (edge) { border += bits[y * kSize + x]; }
        if (core) { middle += bits[y * kSize + x]; }
      }
    }
  }
  EXPECT_GT(middle / (30.0 * 103 * 103), 0.2);
  EXPECT_LT(border / (30.0 * (kSize * kSize - 200 * 200)), 0.01);
}

}  // namespace
}  // namespace realface::data::preprocess
