#include "tests/data/preprocess/videos.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/atomic_file.h"
#include "data/synthesis/dataset.h"
#include "data/synthesis/video_encoder.h"

namespace realface::data {
namespace {

constexpr int kBits = 8;

uint32_t big_endian(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) { value = value << 8U | static_cast<uint8_t>(bytes[at + i]); }
  return value;
}

void put_big_endian(std::string& bytes, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) { bytes[at + i] = static_cast<char>(value >> (24 - 8 * i)); }
}

/// Adds to every entry of the table of chunk offsets: `stco`, version, count, then offsets of 32 bits.
void shift_chunks(std::string& index, uint32_t shift) {
  const size_t table = index.find("stco");
  const uint32_t count = big_endian(index, table + 8);
  for (size_t i = 0; i < count; ++i) {
    const size_t at = table + 12 + 4 * i;
    put_big_endian(index, at, big_endian(index, at) + shift);
  }
}

cv::Rect bar(int bit, int size) { return {bit * size / kBits, 0, size / kBits, size}; }

}  // namespace

void write_counting_video(const std::filesystem::path& path, int frames, int size) {
  synthesis::VideoEncoder encoder(path, {size, size}, 25, synthesis::VideoEncoder::Kind::picture);
  for (int number = 0; number < frames; ++number) {
    cv::Mat picture(size, size, CV_8UC3, cv::Scalar(30, 30, 30));
    for (int bit = 0; bit < kBits; ++bit) {
      if ((number >> bit & 1) != 0) { picture(bar(bit, size)).setTo(cv::Scalar(220, 220, 220)); }
    }
    encoder.add(picture);
  }
  encoder.finish();
}

int shown_number(const preprocess::Picture& picture) {
  int number = 0;
  for (int bit = 0; bit < kBits; ++bit) {
    const auto x = static_cast<size_t>(bit * picture.width / kBits + picture.width / kBits / 2);
    const size_t at = static_cast<size_t>(picture.height / 2) * picture.stride + 3 * x;
    if (picture.pixels[at] > 125) { number |= 1 << bit; }
  }
  return number;
}

void write_face_tree(const std::filesystem::path& folder, int64_t frames) {
  synthesis::SynthConfig config;
  config.out = folder;
  config.identities = 6;
  config.frames = frames;
  config.size = 224;
  config.methods = {synthesis::Method::deepfakes};
  synthesis::write_dataset(config);
}

void put_index_first(const std::filesystem::path& path) {
  const std::string file = read_file(path);
  std::string head, index, rest;
  for (size_t at = 0; at < file.size(); at += big_endian(file, at)) {
    const std::string name = file.substr(at + 4, 4), box = file.substr(at, big_endian(file, at));
    (name == "ftyp" ? head : name == "moov" ? index : rest) += box;
  }
  shift_chunks(index, static_cast<uint32_t>(index.size()));
  publish_file(path, head + index + rest);
}

/// The header of its only track: `tkhd`, 40 bytes, then a matrix of 3 x 3 numbers of 16.16 bits.
void turn_on_screen(const std::filesystem::path& path, int degrees) {
  std::string file = read_file(path);
  const size_t matrix = file.rfind("tkhd") + 44;
  const double angle = degrees * CV_PI / 180;
  const double rotation[] = {std::cos(angle), std::sin(angle), -std::sin(angle), std::cos(angle)};
  const size_t places[] = {0, 4, 12, 16};
  for (size_t i = 0; i < 4; ++i) {
    put_big_endian(file, matrix + places[i], static_cast<uint32_t>(std::lround(rotation[i] * 65536)));
  }
  publish_file(path, file);
}

void cut_short(const std::filesystem::path& path, double share) {
  const auto size = static_cast<double>(std::filesystem::file_size(path));
  std::filesystem::resize_file(path, static_cast<uintmax_t>(size * share));
}

}  // namespace realface::data
