// Reading frames of shards and drawing their order, one thread: the pread path of the loader beside a plain pread loop
// over the same bytes, decoding included and left out, and the cost of the order. items_per_second are frames.
//
// REALFACE_SHARDS names a folder of shards with at least some hundred frames.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/counter_rng.h"
#include "base/crc32c.h"
#include "data/codec/codec.h"
#include "data/order/order.h"
#include "data/shards/dataset.h"
#include "distributed/self_communicator.h"

namespace realface::data {
namespace {

struct Shards {
  std::unique_ptr<distributed::Communicator> self = distributed::make_self_communicator();
  std::shared_ptr<const Dataset> dataset;
  std::string folder;
  std::vector<uint64_t> numbers;  // in a random order

  Shards() {
    const char* named = std::getenv("REALFACE_SHARDS");
    folder = named == nullptr ? "" : named;
    dataset = Dataset::open(folder, {"all"}, *self);
    const Permutation order(static_cast<uint64_t>(dataset->manifest().frames()), 1, 0);
    for (uint64_t i = 0; i < order.size(); ++i) { numbers.push_back(order.at(i)); }
  }
};

Shards& shards() {
  static Shards opened;
  return opened;
}

/// One for both sides: where a buffer happens to lie in memory moves a read by several percent.
std::byte* buffer() {
  static std::vector<std::byte> bytes(1 << 20);
  return bytes.data();
}

void BM_plain_pread(benchmark::State& state) {
  Shards& all = shards();
  std::vector<int> files;
  for (const ShardEntry& entry : all.dataset->manifest().shards) {
    files.push_back(::open((all.folder + "/" + entry.name).c_str(), O_RDONLY));
  }
  struct Piece {
    int file;
    size_t size;
    off_t at;
  };
  std::vector<Piece> pieces;
  for (const uint64_t number : all.numbers) {
    const auto range = all.dataset->range_of(number);
    pieces.push_back({files[range.shard], range.size(), static_cast<off_t>(range.begin)});
  }
  for (auto _ : state) {
    for (const Piece& piece : pieces) {
      if (::pread(piece.file, buffer(), piece.size, piece.at) != static_cast<ssize_t>(piece.size)) {
        state.SkipWithError("a short read");
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(pieces.size()));
  for (const int file : files) { ::close(file); }
}

void BM_loader_pread(benchmark::State& state) {
  Shards& all = shards();
  for (auto _ : state) {
    for (const uint64_t number : all.numbers) {
      const auto range = all.dataset->range_of(number);
      all.dataset->file(range.shard).read(range.begin, buffer(), range.size());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(all.numbers.size()));
}

/// What one worker does with a frame.
void BM_read_check_decode(benchmark::State& state) {
  Shards& all = shards();
  const Manifest& manifest = all.dataset->manifest();
  std::vector<std::byte> blob(1 << 20);
  std::vector<uint8_t> picture(static_cast<size_t>(manifest.height * manifest.width * 3));
  for (auto _ : state) {
    for (const uint64_t number : all.numbers) {
      const auto range = all.dataset->range_of(number);
      const std::span bytes(blob.data(), range.size());
      all.dataset->file(range.shard).read(range.begin, blob.data(), range.size());
      const auto place = all.dataset->find(number);
      if (crc32c(bytes) != all.dataset->table(place.shard)->crc32c[place.frame]) { state.SkipWithError("a wrong CRC"); }
      decode_frame(manifest.codec, bytes, static_cast<int>(manifest.height), static_cast<int>(manifest.width),
                   picture.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(all.numbers.size()));
}

constexpr uint64_t kForgeryNet = 9'537'410;  // 221,247 videos of 30 frames and 2.9 million pictures

void BM_order_global(benchmark::State& state) {
  Order order(plain_order(kForgeryNet, 1, true));
  uint64_t position = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(order.at(position++)); }
  state.SetItemsProcessed(state.iterations());
}

/// Blocks of 300 frames, 512 of them a window.
void BM_order_windowed(benchmark::State& state) {
  auto blocks = std::make_shared<Blocks>();
  for (uint64_t first = 0; first < kForgeryNet; first += 300) { blocks->first.push_back(first); }
  blocks->first.push_back(kForgeryNet);
  OrderConfig config = plain_order(kForgeryNet, 1, true);
  config.classes[0].blocks = blocks;
  Order order(config);
  uint64_t position = 0;
  for (auto _ : state) { benchmark::DoNotOptimize(order.at(position++)); }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(BM_plain_pread);
BENCHMARK(BM_loader_pread);
BENCHMARK(BM_read_check_decode)->ThreadRange(1, 2)->UseRealTime();
BENCHMARK(BM_order_global);
BENCHMARK(BM_order_windowed);

}  // namespace
}  // namespace realface::data

BENCHMARK_MAIN();
