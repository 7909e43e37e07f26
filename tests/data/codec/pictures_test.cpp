// PNG and JPEG: what other programs read and write too.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/codec/codec.h"
#include "tests/data/codec/decoded.h"

namespace realface::data {
namespace {

using testing::HasSubstr;

/// Shading with a little noise, as faces have.
Pixels drawn(int height, int width) {
  CounterRng rng(3, CounterRng::Purpose::test, {});
  Pixels rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        rgb.push_back(static_cast<uint8_t>(128 + 70 * std::sin(0.05 * x + c) * std::cos(0.04 * y) +
                                           static_cast<double>(rng.below(5))));
      }
    }
  }
  return rgb;
}

Pixels by_opencv(const std::string& blob) {
  const cv::Mat bytes(1, static_cast<int>(blob.size()), CV_8UC1, const_cast<char*>(blob.data()));
  cv::Mat rgb;
  cv::cvtColor(cv::imdecode(bytes, cv::IMREAD_COLOR), rgb, cv::COLOR_BGR2RGB);
  return {rgb.datastart, rgb.dataend};
}

std::string opencv_blob(const char* kind, const cv::Mat& picture) {
  std::vector<uint8_t> bytes;
  cv::imencode(kind, picture, bytes);
  return {bytes.begin(), bytes.end()};
}

double psnr(const Pixels& a, const Pixels& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) { sum += (a[i] - b[i]) * (a[i] - b[i]); }
  return 10 * std::log10(255 * 255 * static_cast<double>(a.size()) / sum);
}

std::string fault(Codec codec, const std::string& blob, int height, int width) {
  try {
    decoded(codec, blob, height, width);
  } catch (const DataError& error) { return error.what(); }
  return "nothing was thrown";
}

TEST(PngCodec, IsExactAndAnotherDecoderReadsIt) {
  for (const auto& [height, width] : {std::pair{1, 1}, {7, 33}, {224, 224}}) {
    const Pixels picture = drawn(height, width);
    const std::string blob = encode_frame(Codec::png, picture.data(), height, width);
    EXPECT_EQ(decoded(Codec::png, blob, height, width), picture);
    EXPECT_EQ(by_opencv(blob), picture);
    EXPECT_EQ(encode_frame(Codec::png, picture.data(), height, width), blob);
  }
}

TEST(PngCodec, ReadsWhatAnotherEncoderWrote) {
  const Pixels picture = drawn(40, 30);
  cv::Mat bgr(40, 30, CV_8UC3);
  std::copy(picture.begin(), picture.end(), bgr.data);
  cv::cvtColor(bgr, bgr, cv::COLOR_RGB2BGR);
  EXPECT_EQ(decoded(Codec::png, opencv_blob(".png", bgr), 40, 30), picture);
}

TEST(PngCodec, RefusesOtherKindsOfPicture) {
  for (const int type : {CV_8UC1, CV_8UC4, CV_16UC3}) {
    EXPECT_THAT(fault(Codec::png, opencv_blob(".png", cv::Mat(8, 8, type, cv::Scalar::all(9))), 8, 8),
                HasSubstr("not RGB of 8 bits"))
        << type;
  }
  EXPECT_THAT(fault(Codec::png, opencv_blob(".jpg", cv::Mat(8, 8, CV_8UC3, cv::Scalar::all(9))), 8, 8),
              HasSubstr("does not end as a PNG"));
}

TEST(PngCodec, NoticesEveryChangedByteOfThePixels) {
  const std::string good = encode_frame(Codec::png, drawn(16, 16).data(), 16, 16);
  int noticed = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string blob = good;
    blob[at] = static_cast<char>(blob[at] ^ 0x10);
    noticed += fault(Codec::png, blob, 16, 16) != "nothing was thrown";
  }
  // Chunks carry checksums; those of what is not needed for the pixels may go unseen.
  EXPECT_GT(noticed, static_cast<int>(good.size() * 9 / 10));
}

TEST(JpegCodec, LosesAsMuchAsItsQualitySays) {
  const Pixels picture = drawn(224, 224);
  double last = 0;
  size_t last_size = 0;
  for (const int quality : {30, 75, 95}) {
    const std::string blob = encode_frame(CodecConfig::jpeg(quality, "4:4:4"), picture.data(), 224, 224);
    const double found = psnr(decoded(Codec::jpeg, blob, 224, 224), picture);
    EXPECT_GT(found, last);
    EXPECT_GT(blob.size(), last_size);
    last = found;
    last_size = blob.size();
  }
  EXPECT_GT(last, 42);
  EXPECT_LT(last, 60);
}

/// Where the frame header says how often each component is sampled: "11" is 4:4:4.
std::string luma_sampling(const std::string& blob) {
  const size_t frame = blob.find("\xff\xc0");
  const auto factors = static_cast<uint8_t>(blob.at(frame + 11));
  std::string text = std::to_string(factors >> 4);
  return text.append(std::to_string(factors & 15));
}

TEST(JpegCodec, SamplesChromaAsAsked) {
  const Pixels picture = drawn(64, 48);
  const auto blob = [&](const char* name) { return encode_frame(CodecConfig::jpeg(90, name), picture.data(), 64, 48); };
  EXPECT_EQ(luma_sampling(blob("4:4:4")), "11");
  EXPECT_EQ(luma_sampling(blob("4:2:2")), "21");
  EXPECT_EQ(luma_sampling(blob("4:2:0")), "22");
}

TEST(JpegCodec, DecodesAsTheAccurateTransformWithFancyUpsamplingDoes) {
  // OpenCV's decoder asks libjpeg for its defaults, which are these two: so equal pixels.
  for (const char* subsampling : {"4:4:4", "4:2:2", "4:2:0"}) {
    const std::string blob = encode_frame(CodecConfig::jpeg(80, subsampling), drawn(37, 50).data(), 37, 50);
    EXPECT_EQ(decoded(Codec::jpeg, blob, 37, 50), by_opencv(blob)) << subsampling;
  }
}

TEST(JpegCodec, RefusesWhatIsNotYCbCr) {
  EXPECT_THAT(fault(Codec::jpeg, opencv_blob(".jpg", cv::Mat(8, 8, CV_8UC1, cv::Scalar::all(9))), 8, 8),
              HasSubstr("not YCbCr"));
}

TEST(JpegCodec, NeitherHelpsNorSpoilsTheNextPicture) {
  const std::string good = encode_frame(Codec::jpeg, drawn(24, 24).data(), 24, 24);
  const Pixels expected = decoded(Codec::jpeg, good, 24, 24);
  for (size_t size = 2; size < good.size(); size += 7) {
    EXPECT_NE(fault(Codec::jpeg, good.substr(0, size), 24, 24), "nothing was thrown");
    EXPECT_EQ(decoded(Codec::jpeg, good, 24, 24), expected) << "after one of " << size << " bytes";
  }
  std::string bare = good;
  const size_t tables = bare.find("\xff\xdb"), frame = bare.find("\xff\xc0");
  bare.erase(tables, frame - tables);
  EXPECT_THAT(fault(Codec::jpeg, bare, 24, 24), HasSubstr("no such JPEG"));
}

TEST(PictureCodecs, RefuseABlobThatIsCutAtAnyByte) {
  const Pixels picture = drawn(24, 24);
  for (const Codec codec : {Codec::png, Codec::jpeg}) {
    const std::string blob = encode_frame(codec, picture.data(), 24, 24);
    // A JPEG lacks nothing but its end mark when two bytes are missing; libjpeg-turbo supplies it with a warning.
    for (size_t size = 0; size < blob.size(); ++size) {
      EXPECT_NE(fault(codec, blob.substr(0, size), 24, 24), "nothing was thrown") << codec_name(codec) << " " << size;
    }
  }
}

TEST(PictureCodecs, CompareTheClaimedSizeBeforeAnythingElse) {
  for (const Codec codec : {Codec::png, Codec::jpeg}) {
    const std::string blob = encode_frame(codec, drawn(24, 32).data(), 24, 32);
    EXPECT_THAT(fault(codec, blob, 32, 24), HasSubstr("24 x 32 pixels; expected 32 x 24"));
    // A claim of 65,000 x 65,000 pixels would be 12 GB.
    std::string huge = blob;
    const size_t sides = codec == Codec::png ? 16 : blob.find("\xff\xc0") + 5;
    const std::string claim = codec == Codec::png ? std::string("\0\0\xfd\xe8\0\0\xfd\xe8", 8) : "\xfd\xe8\xfd\xe8";
    huge.replace(sides, claim.size(), claim);
    EXPECT_NE(fault(codec, huge, 24, 32), "nothing was thrown");
  }
}

TEST(PictureCodecs, StayInsideTheirBuffersForDamagedBlobs) {
  constexpr size_t kGuard = 64;
  CounterRng rng(6, CounterRng::Purpose::test, {});
  for (const Codec codec : {Codec::png, Codec::jpeg}) {
    const std::string good = encode_frame(codec, drawn(32, 32).data(), 32, 32);
    for (int round = 0; round < 2000; ++round) {
      std::string blob = good;
      for (uint64_t flips = 1 + rng.below(6); flips > 0; --flips) {
        blob[rng.below(blob.size())] = static_cast<char>(rng.below(256));
      }
      Pixels out(32 * 32 * 3 + kGuard, 0xAB);
      try {
        decode_frame(codec, as_blob(blob), 32, 32, out.data());
      } catch (const DataError&) {}
      ASSERT_TRUE(std::all_of(out.end() - kGuard, out.end(), [](uint8_t byte) { return byte == 0xAB; }));
    }
  }
}

TEST(CodecParams, ComeBackFromTheirText) {
  for (const CodecConfig config : {CodecConfig(Codec::raw), CodecConfig(Codec::gdiff_up_zstd), CodecConfig(Codec::png),
                                   CodecConfig::jpeg(1, "4:2:0"), CodecConfig::jpeg(100, "4:2:2")}) {
    EXPECT_EQ(codec_config(codec_name(config), codec_params(config)), config) << codec_params(config);
  }
  EXPECT_EQ(codec_params(CodecConfig::jpeg(95, "4:4:4")),
            "quality 95, subsampling 4:4:4, accurate DCT, fancy upsampling");
}

TEST(CodecParams, RefuseWhatNoEncoderCanDo) {
  EXPECT_THROW(CodecConfig::jpeg(0, "4:4:4"), DataError);
  EXPECT_THROW(CodecConfig::jpeg(101, "4:4:4"), DataError);
  EXPECT_THROW(CodecConfig::jpeg(90, "4:1:1"), DataError);
  for (const char* params :
       {"", "quality", "quality x, subsampling 4:4:4", "quality 90", "quality 990, subsampling 4:4:4"}) {
    EXPECT_THROW(codec_config("jpeg", params), DataError) << params;
  }
  EXPECT_NO_THROW(codec_config("png", "of another program"));
}

}  // namespace
}  // namespace realface::data
