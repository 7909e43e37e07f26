#include "data/loading/companion.h"

#include <c10/util/Half.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <numeric>

#include "base/atomic_file.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace realface::data {
namespace {

constexpr int kVersion = 1;

[[noreturn]] void refuse(const std::filesystem::path& path, const char* what, int error) {
  throw Error(
      fmt::format("{}: cannot {}: {}; check the disk and start again", subject_of(path), what, std::strerror(error)));
}

/// Allocated blocks, so that a full disk shows before the work; file systems that cannot promise them grow as they go.
void make_room(const Descriptor& file, const std::filesystem::path& path, uint64_t bytes) {
  const auto size = static_cast<off_t>(bytes);
  if (::ftruncate(file.number(), size) != 0) { refuse(path, "make room for it", errno); }
  if (size > 0 && ::fallocate(file.number(), 0, 0, size) != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
    refuse(path, "make room for it", errno);
  }
}

/// Where the i-th of `count` values of a side lies after a crop: two neighbours and the weight of the second.
struct Tap {
  int64_t low, high;
  float weight;
};

Tap tap_of(int64_t i, int64_t count, double begin, double side, double size) {
  const double shrink = size / static_cast<double>(count);  // pixels that a value is the mean of
  const double place = (begin + (static_cast<double>(i) + 0.5) * shrink * side / size) / shrink - 0.5;
  const auto low = static_cast<int64_t>(std::floor(place));
  const auto clamped = [&](int64_t value) { return std::clamp<int64_t>(value, 0, count - 1); };
  return {clamped(low), clamped(low + 1), static_cast<float>(place - static_cast<double>(low))};
}

/// The square of a row's pictures [C, h, w] that was drawn, resized back, in place.
void crop_planes(const Augmentation& drawn, int64_t size, const std::vector<int64_t>& shape, uint16_t* values) {
  const int64_t height = shape[1], width = shape[2];
  std::vector<float> plane(static_cast<size_t>(height * width));
  for (int64_t channel = 0; channel < shape[0]; ++channel) {
    auto* own = reinterpret_cast<c10::Half*>(values) + channel * height * width;
    std::copy(own, own + height * width, plane.begin());
    for (int64_t y = 0; y < height; ++y) {
      const auto row = tap_of(y, height, drawn.top, drawn.side, static_cast<double>(size));
      for (int64_t x = 0; x < width; ++x) {
        const auto column = tap_of(x, width, drawn.left, drawn.side, static_cast<double>(size));
        const auto between = [&](int64_t line) {
          const float* from = plane.data() + line * width;
          return from[column.low] + column.weight * (from[column.high] - from[column.low]);
        };
        own[y * width + x] = between(row.low) + row.weight * (between(row.high) - between(row.low));
      }
    }
  }
}

}  // namespace

size_t CompanionFacts::values() const {
  return static_cast<size_t>(std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>()));
}

CompanionWriter::CompanionWriter(const std::filesystem::path& folder, const CompanionFacts& facts)
    : facts_(facts), path_(folder / kCompanionFile), file_(open_file(path_, O_RDWR | O_CREAT)) {
  if (!file_) { refuse(path_, "open it", errno); }
  const auto size = std::filesystem::file_size(path_), wanted = facts.rows * facts.row_bytes();
  if (size == 0) {
    make_room(file_, path_, wanted);
  } else if (size != wanted) {
    throw Error(
        fmt::format("{} has {} bytes; expected {}: it was made of another dataset or network; begin in a new "
                    "run.dir",
                    subject_of(path_), size, wanted));
  }
}

void CompanionWriter::write(uint64_t row, const uint16_t* values) {
  const size_t bytes = facts_.values() * 2;
  std::vector<char> record(facts_.row_bytes());
  std::memcpy(record.data(), values, bytes);
  const uint32_t sum = crc32c(values, bytes);
  std::memcpy(record.data() + bytes, &sum, sizeof sum);
  size_t done = 0;
  while (done < record.size()) {
    const auto at = static_cast<off_t>(row * record.size() + done);
    const auto count = ::pwrite(file_.number(), record.data() + done, record.size() - done, at);
    if (count < 0 && errno != EINTR) { refuse(path_, "write to it", errno); }
    done += count < 0 ? 0 : static_cast<size_t>(count);
  }
}

void CompanionWriter::sync() {
  if (::fdatasync(file_.number()) != 0) { refuse(path_, "write it to the disk", errno); }
}

void CompanionWriter::seal(const std::filesystem::path& folder, const CompanionFacts& facts) {
  const nlohmann::json json = {{"version", kVersion},
                               {"shape", facts.shape},
                               {"rows", facts.rows},
                               {"split", facts.split},
                               {"shortest", facts.shortest},
                               {"dtype", "float16"},
                               {"dataset_digest", facts.dataset_digest},
                               {"weights_sha256", facts.weights_sha256},
                               {"settings", facts.settings}};
  publish_file(folder / kCompanionFacts, json.dump(2) + "\n");
}

CompanionFacts Companion::facts_of(const std::filesystem::path& folder) {
  const auto path = folder / kCompanionFacts;
  if (!std::filesystem::exists(path)) {
    throw DataError(fmt::format("{} holds no {}: expected the folder of a finished `stage: composite`; finish that run",
                                subject_of(folder), kCompanionFacts));
  }
  try {
    const auto json = nlohmann::json::parse(read_file(path));
    if (json.at("version") != kVersion) {
      throw DataError(fmt::format("{} has version {}; expected {}: make it again with this program", subject_of(path),
                                  json.at("version").dump(), kVersion));
    }
    CompanionFacts facts;
    json.at("shape").get_to(facts.shape);
    json.at("rows").get_to(facts.rows);
    json.at("split").get_to(facts.split);
    facts.shortest = json.value("shortest", facts.shortest);
    json.at("dataset_digest").get_to(facts.dataset_digest);
    json.at("weights_sha256").get_to(facts.weights_sha256);
    facts.settings = json.at("settings");
    return facts;
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("{} cannot be read: {}; make it again", subject_of(path), error.what()));
  }
}

std::shared_ptr<const Companion> Companion::open(const std::filesystem::path& folder, const std::string& digest) {
  auto companion = std::make_shared<Companion>();
  companion->facts_ = facts_of(folder);
  companion->path_ = folder / kCompanionFile;
  const auto& facts = companion->facts_;
  if (facts.dataset_digest != digest) {
    throw DataError(
        fmt::format("{} was made of another dataset (digest {}; here {}); run its stage again on data.shards",
                    subject_of(folder), facts.dataset_digest, digest));
  }
  companion->file_ = open_file(companion->path_, O_RDONLY);
  if (!companion->file_ || std::filesystem::file_size(companion->path_) != facts.rows * facts.row_bytes()) {
    throw DataError(fmt::format("{} is missing or not of {} bytes, as {} says; run its stage again in a new run.dir",
                                subject_of(companion->path_), facts.rows * facts.row_bytes(), kCompanionFacts));
  }
  return companion;
}

/// A row that was never written is zeros, its checksum too, which that of zeros is not.
bool Companion::has(uint64_t row) const {
  uint32_t sum = 0;
  const auto result = read_exactly(file_, (row + 1) * facts_.row_bytes() - sizeof sum, &sum, sizeof sum);
  if (result.bytes != sizeof sum) {
    throw DataError(fmt::format("{} ends before row {}; run its stage again in a new run.dir", subject_of(path_), row));
  }
  return sum != 0;
}

void Companion::read(uint64_t row, const Augmentation& drawn, int64_t size, uint16_t* values) const {
  thread_local std::vector<std::byte> record;
  record.resize(facts_.row_bytes());
  const size_t bytes = facts_.values() * 2;
  const auto result = read_exactly(file_, row * record.size(), record.data(), record.size());
  uint32_t sum = 0;
  std::memcpy(&sum, record.data() + bytes, sizeof sum);
  if (result.bytes != record.size() || sum != crc32c(record.data(), bytes)) {
    const bool empty = std::ranges::all_of(record, [](std::byte byte) { return byte == std::byte{0}; });
    throw DataError(fmt::format(
        "{} row {} is {}; {}", subject_of(path_), row, empty ? "empty" : "damaged",
        empty ? fmt::format("it holds those of split '{}'", facts_.split) : "run its stage again in a new run.dir"));
  }
  std::memcpy(values, record.data(), bytes);
  if (drawn.side > 0) { crop_planes(drawn, size, facts_.shape, values); }
  if (!drawn.flip) { return; }
  const auto width = static_cast<size_t>(facts_.shape.back());
  for (size_t begin = 0; begin < facts_.values(); begin += width) {
    std::reverse(values + begin, values + begin + width);
  }
}

}  // namespace realface::data
