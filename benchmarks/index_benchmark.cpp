// The index of a dataset of ForgeryNet's size: writes shards of that many frames (of one pixel each; 7 GB, most of it
// landmarks) below a folder, unless they are there, then opens them as training does. Prints one line of JSON: seconds
// to open, bytes of the index and growth of this process, and its size again after the order was walked through epochs.
//
//   index_benchmark FOLDER [FRAMES=9537410]

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/order/items.h"
#include "data/shards/dataset.h"
#include "data/shards/writer.h"
#include "distributed/self_communicator.h"

namespace {

using namespace realface::data;
namespace fs = std::filesystem;

constexpr int64_t kFramesPerVideo = 30, kVideosPerShard = 640;

/// Bytes of memory that this process holds.
int64_t resident() {
  std::ifstream file("/proc/self/statm");
  int64_t whole = 0, held = 0;
  file >> whole >> held;
  return held * ::sysconf(_SC_PAGESIZE);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

VideoRecord made_up(int64_t number) {
  VideoRecord video;
  video.key = "index/" + std::to_string(number);
  video.label = static_cast<int8_t>(number % 2);
  video.dataset = "made-up";
  video.manip = video.label == 0 ? "" : "kind" + std::to_string(number % 15);
  video.group = number;
  for (int32_t i = 0; i < kFramesPerVideo; ++i) {
    FrameRecord frame;
    frame.blob = std::string(3, static_cast<char>(number + i));
    frame.src_index = i;
    frame.label = video.label;
    frame.landmarks.fill(static_cast<float>(number % 997 + i));
    video.frames.push_back(frame);
  }
  return video;
}

ShardHeader header(int64_t id, int64_t of) {
  ShardHeader header;
  header.codec = Codec::raw;
  header.height = header.width = 1;
  header.shard_id = id;
  header.n_shards = of;
  header.names.dataset = {"made-up"};
  for (int i = 0; i < 15; ++i) { header.names.manip.push_back("kind" + std::to_string(i)); }
  return header;
}

void write(const fs::path& folder, int64_t frames) {
  const int64_t videos = frames / kFramesPerVideo, shards = (videos + kVideosPerShard - 1) / kVideosPerShard;
  fs::create_directories(folder);
  Manifest manifest;
  manifest.codec = Codec::raw;
  manifest.height = manifest.width = 1;
  manifest.names = header(0, 1).names;
  for (int64_t id = 0; id < shards; ++id) {
    ShardTotals totals;
    std::vector<VideoRecord> mine;
    for (int64_t v = id * kVideosPerShard; v < std::min(videos, (id + 1) * kVideosPerShard); ++v) {
      mine.push_back(made_up(v));
      totals.count(mine.back());
    }
    ShardWriter writer(folder / ("train-" + std::to_string(id) + ".h5"), header(id, shards), totals);
    for (const VideoRecord& video : mine) { writer.add(video); }
    manifest.shards.push_back(writer.seal());
  }
  manifest.save(folder);
}

nlohmann::json measure(const fs::path& folder) {
  const auto self = realface::distributed::make_self_communicator();
  const int64_t before = resident();
  const auto start = std::chrono::steady_clock::now();
  const auto dataset = Dataset::open(folder.string(), {"train"}, *self);
  const double open_s = seconds_since(start);
  const Items items(*dataset, {.label = "real", .seed = 1});
  const double items_s = seconds_since(start) - open_s;
  const int64_t opened = resident();
  Order order(items.order());
  std::vector<int64_t> after;  // each of three epochs
  uint64_t checksum = 0;
  for (uint64_t position = 0; position < 3 * items.size(); ++position) {
    checksum += order.at(position).item;
    if ((position + 1) % items.size() == 0) { after.push_back(resident() - opened); }
  }
  return {{"frames", dataset->manifest().frames()},
          {"shards", dataset->manifest().shards.size()},
          {"open_s", open_s},
          {"items_s", items_s},
          {"index_bytes", dataset->index_bytes()},
          {"grown_bytes", opened - before},
          {"epochs_grown_bytes", after},
          {"checksum", checksum}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "index_benchmark FOLDER [FRAMES]\n");
    return 64;
  }
  const fs::path folder = argv[1];
  if (!fs::exists(folder / kManifestName)) { write(folder, argc > 2 ? std::atoll(argv[2]) : 9'537'410); }
  std::printf("%s\n", measure(folder).dump().c_str());
  return 0;
}
