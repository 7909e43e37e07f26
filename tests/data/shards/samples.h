#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/shards/format.h"
#include "data/shards/manifest.h"
#include "data/shards/records.h"
#include "tests/temporary_folder.h"

/// Small made-up datasets for the tests of shards, sampler and loader.
namespace realface::data::samples {

/// A picture that only (video, frame) decides: u8 [size, size, 3], smooth with some noise.
std::vector<uint8_t> picture(int video, int frame, int size);
/// Landmarks of a plausible face, a little different for each frame.
std::array<float, 136> landmarks(int video, int frame, int size);

/// Videos 0.. with `frames` frames each; odd ones are fake, with masks and a segment; each has its own identity.
VideoRecord video(int number, int frames, const ShardHeader& header);
ShardHeader header(int size, const std::string& split = "train");

struct Plan {
  int shards = 2, videos_per_shard = 3, frames = 4, size = 32;
  std::string split = "train";
  CodecConfig codec{};
  bool masks = true;               // of fakes
  NameTables names = {};           // empty: those of header()
  std::vector<uint8_t> mask = {};  // [size, size], theirs, as if shipped; empty: stripes of no source
};

/// Writes shards and manifest to `folder`.
Manifest write_dataset(const std::filesystem::path& folder, const Plan& plan);

/// Changes the byte at `position` of a file.
void flip_byte(const std::filesystem::path& file, int64_t position);

}  // namespace realface::data::samples
