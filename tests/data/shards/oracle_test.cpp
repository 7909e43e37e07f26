// Another implementation reads what ours wrote: tests/fixtures/shard_h5py.py, by h5py, numpy and zstandard.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "base/sha256.h"
#include "tests/data/shards/samples.h"

namespace realface::data {
namespace {

/// The system's own has the packages of packages.txt, whatever comes first in PATH.
std::string python() {
  const char* named = std::getenv("REALFACE_PYTHON");
  return named == nullptr ? "/usr/bin/python3" : named;
}

/// What the command prints; "" where it fails.
std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) { return ""; }
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) { text.push_back(static_cast<char>(c)); }
  return ::pclose(pipe) == 0 ? text : "";
}

TEST(ShardOracle, H5pyReadsTheSamePictures) {
  if (output_of(python() + " -c 'import h5py, numpy, zstandard; print(1)' 2>/dev/null").empty()) {
    GTEST_SKIP() << "needs a Python with h5py, numpy and zstandard (REALFACE_PYTHON names one)";
  }
  for (const Codec codec : {Codec::raw, Codec::gdiff_up_zstd}) {
    const TemporaryFolder folder;
    samples::write_dataset(folder.path(),
                           {.shards = 1, .videos_per_shard = 3, .frames = 4, .size = 40, .codec = codec});
    Sha256 pictures;
    for (int v = 0; v < 3; ++v) {
      for (int f = 0; f < 4; ++f) {
        const auto picture = samples::picture(v, f, 40);
        pictures.update(picture.data(), picture.size());
      }
    }
    const std::string script = std::string(REALFACE_FIXTURES) + "/shard_h5py.py";
    EXPECT_EQ(output_of(python() + " " + script + " " + (folder.path() / "train-0.h5").string()),
              "12 3 " + hex(pictures.finish()) + "\n");
  }
}

}  // namespace
}  // namespace realface::data
