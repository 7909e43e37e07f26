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

constexpr const char* kWanted = "needs a Python with h5py, numpy and zstandard (REALFACE_PYTHON names one)";

/// SHA-256 of all pictures of the tests' dataset, in hexadecimal digits.
std::string pictures_digest() {
  Sha256 pictures;
  for (int v = 0; v < 3; ++v) {
    for (int f = 0; f < 4; ++f) {
      const auto picture = samples::picture(v, f, 40);
      pictures.update(picture.data(), picture.size());
    }
  }
  return hex(pictures.finish());
}

/// Writes that dataset, and gives what the command, to which its folder is added, prints.
std::string reading(const std::string& command, Codec codec, const std::string& file) {
  const TemporaryFolder folder;
  samples::write_dataset(folder.path(), {.shards = 1, .videos_per_shard = 3, .frames = 4, .size = 40, .codec = codec});
  return output_of(python() + " " + command + " " + (folder.path() / file).string());
}

bool lacks_packages() {
  return output_of(python() + " -c 'import h5py, numpy, zstandard; print(1)' 2>/dev/null").empty();
}

TEST(ShardOracle, H5pyReadsTheSamePictures) {
  if (lacks_packages()) { GTEST_SKIP() << kWanted; }
  for (const Codec codec : {Codec::raw, Codec::gdiff_up_zstd}) {
    EXPECT_EQ(reading(REALFACE_FIXTURES "/shard_h5py.py", codec, "train-0.h5"), "12 3 " + pictures_digest() + "\n");
  }
}

TEST(ShardOracle, TheExampleForPythonReadsPicturesLabelsAndMasks) {
  if (lacks_packages()) { GTEST_SKIP() << kWanted; }
  const std::string script = R"(-c 'import hashlib, sys
sys.path.insert(0, sys.argv[1])
from shards import Shards
shards = Shards(sys.argv[2], "train")
pictures = hashlib.sha256()
for i in range(len(shards)):
    pictures.update(shards.frame(i).tobytes())
    mask, fake = shards.mask(i), shards.videos[shards.video[i]]["label"]
    assert shards.label[i] in (0, fake) and (mask is not None) == bool(fake), (i, fake, mask)
    assert mask is None or mask.shape == (40, 40) and 0 < mask.mean() < 1, mask
assert shards.landmarks.shape == (12, 68, 2) and [len(one["frames"]) for one in shards.videos] == [4] * 3
print(len(shards), len(shards.videos), pictures.hexdigest())' )";
  for (const Codec codec : {Codec::raw, Codec::gdiff_up_zstd}) {
    EXPECT_EQ(reading(script + REALFACE_FIXTURES "/../../examples/python", codec, ""),
              "12 3 " + pictures_digest() + "\n");
  }
}

}  // namespace
}  // namespace realface::data
