#include "tests/data/shards/samples.h"

#include <unistd.h>

#include <cmath>
#include <fstream>

#include "base/counter_rng.h"
#include "data/codec/codec.h"
#include "data/shards/writer.h"

namespace realface::data::samples {
namespace fs = std::filesystem;

std::vector<uint8_t> picture(int video, int frame, int size) {
  CounterRng rng(7, CounterRng::Purpose::test, {static_cast<uint64_t>(video), static_cast<uint64_t>(frame)});
  std::vector<uint8_t> rgb;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      for (int c = 0; c < 3; ++c) {
        rgb.push_back(
            static_cast<uint8_t>(40 * c + 3 * y + 2 * x + 5 * video + frame + static_cast<int>(rng.below(4))));
      }
    }
  }
  return rgb;
}

std::array<float, 136> landmarks(int video, int frame, int size) {
  std::array<float, 136> points{};
  for (int i = 0; i < 68; ++i) {
    const double angle = 0.0924 * i, radius = 0.12 + 0.004 * (i % 17);
    points[static_cast<size_t>(2 * i)] = static_cast<float>(size * (0.5 + radius * std::cos(angle)) + 0.01 * frame);
    points[static_cast<size_t>(2 * i + 1)] = static_cast<float>(size * (0.5 + radius * std::sin(angle)) + 0.01 * video);
  }
  return points;
}

ShardHeader header(int size, const std::string& split) {
  ShardHeader header;
  header.height = header.width = size;
  header.split = split;
  header.crop = "clip";
  header.detector = "none: a test";
  header.plan_digest = std::string(64, 'a');
  header.config_digest = std::string(64, 'b');
  header.names = {{"Deepfakes", "FaceSwap"}, {"made-up"}, {"raw"}};
  return header;
}

VideoRecord video(int number, int frames, const ShardHeader& header) {
  const int size = static_cast<int>(header.width);
  VideoRecord video;
  video.key = "made-up/" + std::to_string(number);
  video.label = static_cast<int8_t>(number % 2);
  video.manip = number % 2 == 1 ? (number % 4 == 1 ? "Deepfakes" : "FaceSwap") : "";
  video.dataset = "made-up";
  video.compression = "raw";
  video.identity = number;
  video.group = number / 2;
  video.source_sha256.fill(static_cast<uint8_t>(number));
  video.fps = 25;
  video.n_src = frames;
  video.width = video.height = 2 * size;
  if (number % 2 == 1) { video.segments = {{0, frames - 1, 1}}; }
  for (int i = 0; i < frames; ++i) {
    FrameRecord frame;
    frame.blob = encode_frame(header.codec, picture(number, i, size).data(), size, size);
    frame.pts_us = 40000 * i;
    frame.src_index = i;
    frame.label = video.label;
    frame.landmarks = landmarks(number, i, size);
    frame.affine = {0.5F, 0, 0, 0, 0.5F, 0};
    frame.bbox = {1, 2, 30, 40};
    frame.score = 1.5F;
    if (number % 2 == 1) {
      std::vector<uint8_t> mask(static_cast<size_t>(size * size));
      for (size_t p = 0; p < mask.size(); ++p) { mask[p] = p % 5 == static_cast<size_t>(i % 5); }
      frame.mask = encode_mask(mask.data(), size, size);
    }
    video.frames.push_back(std::move(frame));
  }
  return video;
}

Manifest write_dataset(const fs::path& folder, const Plan& plan) {
  Manifest manifest;
  ShardHeader facts = header(plan.size, plan.split);
  facts.codec = plan.codec;
  if (!plan.names.manip.empty()) { facts.names = plan.names; }
  facts.n_shards = plan.shards;
  manifest.dataset_id = "test";
  manifest.plan_digest = facts.plan_digest;
  manifest.codec = plan.codec;
  manifest.height = manifest.width = plan.size;
  manifest.names = facts.names;
  for (int s = 0; s < plan.shards; ++s) {
    std::vector<VideoRecord> videos;
    ShardTotals totals;
    for (int v = 0; v < plan.videos_per_shard; ++v) {
      videos.push_back(video(s * plan.videos_per_shard + v, plan.frames, facts));
      if (videos.back().label == 1 && !plan.mask.empty()) { videos.back().mask_source = MaskSource::dataset; }
      for (auto& frame : videos.back().frames) {
        if (!plan.masks) { frame.mask.clear(); }
        if (frame.mask.empty() || plan.mask.empty()) { continue; }
        frame.mask = encode_mask(plan.mask.data(), plan.size, plan.size);
      }
      totals.count(videos.back());
    }
    facts.shard_id = s;
    ShardWriter writer(folder / (plan.split + "-" + std::to_string(s) + ".h5"), facts, totals);
    for (const VideoRecord& record : videos) { writer.add(record); }
    manifest.shards.push_back(writer.seal());
  }
  manifest.save(folder);
  return manifest;
}

void flip_byte(const fs::path& file, int64_t position) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(position);
  const int byte = stream.get();
  stream.seekp(position);
  stream.put(static_cast<char>(byte ^ 0x10));
}

}  // namespace realface::data::samples
