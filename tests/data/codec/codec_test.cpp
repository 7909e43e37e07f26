#include "data/codec/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/codec/kernels.h"
#include "tests/data/codec/decoded.h"

namespace realface::data {
namespace {

Pixels noise(int height, int width, uint64_t seed) {
  CounterRng rng(seed, CounterRng::Purpose::test, {});
  Pixels pixels(static_cast<size_t>(height * width * 3));
  for (uint8_t& value : pixels) { value = static_cast<uint8_t>(rng.below(256)); }
  return pixels;
}

Pixels gradient(int height, int width) {
  Pixels pixels;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x + y, 2 * x, 255 - y}) { pixels.push_back(static_cast<uint8_t>(value)); }
    }
  }
  return pixels;
}

/// The format's definition, read literally: an encoder with nothing in common with ours but zstd.
Pixels planes_by_definition(const Pixels& rgb, int height, int width) {
  Pixels planes;
  for (int plane = 0; plane < 3; ++plane) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const auto value = [&](int row) {
          const auto at = static_cast<size_t>(3 * (row * width + x));
          const int green = rgb[at + 1];
          return plane == 0 ? green : plane == 1 ? rgb[at] - green : rgb[at + 2] - green;
        };
        planes.push_back(static_cast<uint8_t>(y == 0 ? value(y) : value(y) - value(y - 1)));
      }
    }
  }
  return planes;
}

TEST(Codec, ReturnsEveryPictureExactly) {
  for (const Codec codec : {Codec::raw, Codec::gdiff_up_zstd, Codec::png}) {
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 33}, {7, 5}, {32, 32}, {31, 95}, {224, 224}, {224, 300}}) {
      for (const Pixels& picture :
           {noise(height, width, 1), gradient(height, width), Pixels(static_cast<size_t>(height * width * 3), 200)}) {
        const std::string blob = encode_frame(codec, picture.data(), height, width);
        EXPECT_EQ(decoded(codec, blob, height, width), picture) << codec_name(codec) << " " << height << "x" << width;
      }
    }
  }
}

TEST(Codec, StoresThePlanesThatTheFormatDefines) {
  for (const auto& [height, width] : {std::pair{5, 3}, {40, 70}}) {
    const Pixels picture = noise(height, width, 2);
    const Pixels expected = planes_by_definition(picture, height, width);
    const std::string blob = encode_frame(Codec::gdiff_up_zstd, picture.data(), height, width);
    Pixels planes(expected.size());
    ASSERT_EQ(ZSTD_decompress(planes.data(), planes.size(), blob.data(), blob.size()), expected.size());
    EXPECT_EQ(planes, expected);
    EXPECT_EQ(ZSTD_findFrameCompressedSize(blob.data(), blob.size()), blob.size()) << "more than one zstd frame";

    // And what any other zstd encoder makes of these planes is read as well.
    std::string other(ZSTD_compressBound(expected.size()), '\0');
    other.resize(ZSTD_compress(other.data(), other.size(), expected.data(), expected.size(), 19));
    EXPECT_EQ(decoded(Codec::gdiff_up_zstd, other, height, width), picture);
  }
}

TEST(Codec, BothWaysOfRestoringAgree) {
  if (!has_avx2()) { GTEST_SKIP() << "this processor has no AVX2"; }
  const int height = 50, width = 96;
  const Pixels planes = noise(height, width, 3);
  Pixels scratch = planes, plain(planes.size()), wide(planes.size());
  restore_planes_plain(scratch.data(), height, width, 0, plain.data());
  EXPECT_EQ(restore_planes_avx2(planes.data(), height, width, wide.data()), width);
  EXPECT_EQ(plain, wide);
}

TEST(Codec, RefusesABlobThatIsCutAtAnyByte) {
  const Pixels picture = gradient(24, 24);
  const std::string blob = encode_frame(Codec::gdiff_up_zstd, picture.data(), 24, 24);
  for (size_t size = 0; size < blob.size(); ++size) {
    EXPECT_THROW(decoded(Codec::gdiff_up_zstd, blob.substr(0, size), 24, 24), DataError) << size;
  }
  EXPECT_THROW(decoded(Codec::raw, std::string(24 * 24 * 3 - 1, 'x'), 24, 24), DataError);
}

TEST(Codec, RefusesABlobOfAnotherSizeWhateverItClaims) {
  const Pixels large = noise(64, 64, 4);
  const std::string blob = encode_frame(Codec::gdiff_up_zstd, large.data(), 64, 64);
  EXPECT_THROW(decoded(Codec::gdiff_up_zstd, blob, 32, 32), DataError);
  EXPECT_THROW(decoded(Codec::gdiff_up_zstd, blob, 65, 64), DataError);
  EXPECT_THROW(decode_frame(Codec::gdiff_up_zstd, as_blob(blob), -1, 64, nullptr), DataError);
}

TEST(Codec, StaysInsideItsBuffersForDamagedBlobs) {
  const int side = 48;
  const std::string good = encode_frame(Codec::gdiff_up_zstd, noise(side, side, 5).data(), side, side);
  const std::string smooth = encode_frame(Codec::gdiff_up_zstd, gradient(side, side).data(), side, side);
  CounterRng rng(6, CounterRng::Purpose::test, {});
  const size_t size = static_cast<size_t>(side * side * 3);
  for (int round = 0; round < 4000; ++round) {
    std::string blob = round % 2 == 0 ? good : smooth;
    for (uint64_t flips = 1 + rng.below(6); flips > 0; --flips) {
      blob[rng.below(blob.size())] = static_cast<char>(rng.below(256));
    }
    Pixels out(size + 64, 0xAB);
    try {
      decode_frame(Codec::gdiff_up_zstd, as_blob(blob), side, side, out.data());
    } catch (const DataError&) {}
    ASSERT_TRUE(std::all_of(out.begin() + static_cast<int64_t>(size), out.end(), [](uint8_t b) { return b == 0xAB; }));
  }
}

TEST(Codec, NamesTheNearestCodec) {
  EXPECT_EQ(codec_by_name("gdiff-up-zstd"), Codec::gdiff_up_zstd);
  EXPECT_EQ(codec_by_name("raw"), Codec::raw);
  EXPECT_EQ(codec_by_name("png"), Codec::png);
  EXPECT_EQ(codec_by_name("jpeg"), Codec::jpeg);
  try {
    codec_by_name("gdiff-up-zst");
    FAIL();
  } catch (const DataError& error) { EXPECT_THAT(error.what(), testing::HasSubstr("did you mean gdiff-up-zstd")); }
}

TEST(MaskCodec, PacksBitsAndReturnsThem) {
  for (const auto& [height, width] : {std::pair{1, 1}, {3, 5}, {224, 224}}) {
    Pixels mask(static_cast<size_t>(height * width));
    for (size_t i = 0; i < mask.size(); ++i) { mask[i] = i % 3 == 0; }
    const std::string blob = encode_mask(mask.data(), height, width);
    Pixels out(mask.size(), 9);
    decode_mask(as_blob(blob), height, width, out.data());
    EXPECT_EQ(out, mask);
  }
  const Pixels bits{1, 0, 0, 0, 0, 0, 0, 255, 1};
  const std::string blob = encode_mask(bits.data(), 3, 3);
  Pixels packed(2);
  ASSERT_EQ(ZSTD_decompress(packed.data(), 2, blob.data(), blob.size()), 2U);
  EXPECT_EQ(packed, (Pixels{0x81, 0x80}));
}

TEST(MaskCodec, NoticesADamagedMask) {
  Pixels mask(64 * 64), out(mask.size());
  for (size_t i = 0; i < mask.size(); ++i) { mask[i] = (i * i) % 7 < 3; }
  const std::string good = encode_mask(mask.data(), 64, 64);
  int noticed = 0;
  for (size_t at = 0; at < good.size(); ++at) {
    std::string blob = good;
    blob[at] = static_cast<char>(blob[at] ^ 1);
    try {
      decode_mask(as_blob(blob), 64, 64, out.data());
      EXPECT_EQ(out, mask) << at;  // a bit that zstd ignores, such as an unused one of its header
    } catch (const DataError&) { ++noticed; }
  }
  EXPECT_GT(noticed, static_cast<int>(good.size()) - 4);
}

}  // namespace
}  // namespace realface::data
