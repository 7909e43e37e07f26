// Decoding speed of the shard codec against PNG and JPEG, one thread, the same face crops: ours with its CRC, OpenCV's
// PNG, turbojpeg at quality 95, 4:4:4, with the accurate DCT. items_per_second are pictures.
//
// The crops are the centre 224 x 224 of every PNG of at least that size below REALFACE_TEST_DATA/deepfakebench-crops,
// or drawn ones where that is absent. For ratios run with --benchmark_repetitions=5
// --benchmark_enable_random_interleaving=true.

#include <benchmark/benchmark.h>
#include <turbojpeg.h>

#include <cstdlib>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/counter_rng.h"
#include "base/crc32c.h"
#include "data/codec/codec.h"

namespace realface::data {
namespace {
namespace fs = std::filesystem;

constexpr int kSide = 224;
using Blobs = std::vector<std::string>;

/// Smooth shading with noise of the strength of compressed video.
cv::Mat drawn(uint64_t number) {
  CounterRng rng(number, CounterRng::Purpose::test, {});
  cv::Mat picture(kSide, kSide, CV_8UC3);
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      for (int c = 0; c < 3; ++c) {
        picture.at<cv::Vec3b>(y, x)[c] =
            cv::saturate_cast<uint8_t>(120 + 60 * std::sin(0.03 * x + c) * std::cos(0.02 * y) + 2.5 * rng.normal());
      }
    }
  }
  return picture;
}

std::vector<cv::Mat> make_crops() {
  std::vector<cv::Mat> crops;
  const char* folder = std::getenv("REALFACE_TEST_DATA");
  const fs::path root = fs::path(folder == nullptr ? "" : folder) / "deepfakebench-crops";
  std::vector<fs::path> files;
  if (fs::is_directory(root)) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      if (entry.path().extension() == ".png") { files.push_back(entry.path()); }
    }
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const cv::Mat picture = cv::imread(file.string(), cv::IMREAD_COLOR);
    if (picture.rows < kSide || picture.cols < kSide) { continue; }
    cv::Mat rgb;
    cv::cvtColor(picture(cv::Rect((picture.cols - kSide) / 2, (picture.rows - kSide) / 2, kSide, kSide)), rgb,
                 cv::COLOR_BGR2RGB);
    crops.push_back(rgb);
  }
  for (uint64_t i = 0; crops.empty() || (files.empty() && i < 32); ++i) { crops.push_back(drawn(i)); }
  return crops;
}

const std::vector<cv::Mat>& crops() {
  static const std::vector<cv::Mat> made = make_crops();
  return made;
}

void report(benchmark::State& state, const Blobs& blobs) {
  size_t bytes = 0;
  for (const std::string& blob : blobs) { bytes += blob.size(); }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(blobs.size()));
  state.counters["kB"] = static_cast<double>(bytes) / 1e3 / static_cast<double>(blobs.size());
}

void BM_ours(benchmark::State& state) {
  Blobs blobs;
  std::vector<uint32_t> sums;
  for (const cv::Mat& crop : crops()) {
    blobs.push_back(encode_frame(Codec::gdiff_up_zstd, crop.data, kSide, kSide));
    sums.push_back(crc32c(as_blob(blobs.back())));
  }
  std::vector<uint8_t> out(kSide * kSide * 3);
  for (auto _ : state) {
    for (size_t i = 0; i < blobs.size(); ++i) {
      if (crc32c(as_blob(blobs[i])) != sums[i]) { state.SkipWithError("a wrong CRC"); }
      decode_frame(Codec::gdiff_up_zstd, as_blob(blobs[i]), kSide, kSide, out.data());
      benchmark::DoNotOptimize(out.data());
    }
  }
  report(state, blobs);
}

void BM_opencv_png(benchmark::State& state) {
  Blobs blobs;
  for (const cv::Mat& crop : crops()) {
    std::vector<uint8_t> png;
    cv::imencode(".png", crop, png);
    blobs.emplace_back(png.begin(), png.end());
  }
  cv::Mat out;
  for (auto _ : state) {
    for (std::string& blob : blobs) {
      cv::imdecode(cv::Mat(1, static_cast<int>(blob.size()), CV_8UC1, blob.data()), cv::IMREAD_COLOR, &out);
      benchmark::DoNotOptimize(out.data);
    }
  }
  report(state, blobs);
}

void BM_turbojpeg_q95_444(benchmark::State& state) {
  Blobs blobs;
  const tjhandle compressor = tjInitCompress(), expander = tjInitDecompress();
  for (const cv::Mat& crop : crops()) {
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    tjCompress2(compressor, crop.data, kSide, 0, kSide, TJPF_RGB, &bytes, &size, TJSAMP_444, 95, TJFLAG_ACCURATEDCT);
    blobs.emplace_back(reinterpret_cast<const char*>(bytes), size);
    tjFree(bytes);
  }
  std::vector<uint8_t> out(kSide * kSide * 3);
  for (auto _ : state) {
    for (const std::string& blob : blobs) {
      tjDecompress2(expander, reinterpret_cast<const unsigned char*>(blob.data()), blob.size(), out.data(), kSide, 0,
                    kSide, TJPF_RGB, TJFLAG_ACCURATEDCT);
      benchmark::DoNotOptimize(out.data());
    }
  }
  report(state, blobs);
  tjDestroy(compressor);
  tjDestroy(expander);
}

BENCHMARK(BM_ours)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_opencv_png)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_turbojpeg_q95_444)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace realface::data

BENCHMARK_MAIN();
