#include <algorithm>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/inspect.h"
#include "data/shard_set.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kFaces = 48;
constexpr int kSide = 224, kCaption = 34, kGap = 8;

/// One face of the sheet, found in the index.
struct Face {
  size_t shard;
  uint64_t frame;
  std::string label, key;
};

std::vector<Face> faces_of(const Shard& shard, size_t number) {
  std::vector<Face> faces;
  const ShardIndex& index = shard.index;
  for (size_t v = 0; v < index.video_label.size(); ++v) {
    if (index.first[v + 1] == index.first[v]) continue;
    const auto manip = static_cast<size_t>(index.manip[v]);
    faces.push_back({number, (index.first[v] + index.first[v + 1]) / 2,
                     class_name(index.video_label[v], index.manip[v] < 0 ? "" : shard.header.names.manip[manip]),
                     index.key_of(static_cast<int64_t>(v))});
  }
  return faces;
}

std::vector<Face> choose(const ShardSet& set) {
  std::vector<Face> all, chosen;
  for (size_t i = 0; i < set.size(); ++i)
    for (Face& face : faces_of(set.open(i), i)) all.push_back(std::move(face));
  const size_t count = std::min(kFaces, all.size());
  for (size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
  return chosen;
}

std::string read_blob(const Shard& shard, uint64_t at, const std::vector<uint64_t>& offset, size_t frame) {
  std::string blob(offset[frame + 1] - offset[frame], '\0');
  if (!blob.empty()) PositionedFile(shard.path).read(at + offset[frame], blob.data(), blob.size());
  return blob;
}

cv::Mat picture_of(const Shard& shard, size_t frame) {
  const int height = static_cast<int>(shard.header.height), width = static_cast<int>(shard.header.width);
  cv::Mat rgb(height, width, CV_8UC3), bgr, scaled;
  decode_frame(shard.header.codec, as_blob(read_blob(shard, shard.blob_at, shard.index.frame_offset, frame)), height,
               width, rgb.data);
  cv::cvtColor(rgb, bgr, cv::COLOR_RGB2BGR);
  cv::resize(bgr, scaled, {kSide, kSide}, 0, 0, cv::INTER_AREA);
  return scaled;
}

void draw_mask_outline(const Shard& shard, size_t frame, cv::Mat& picture) {
  const std::string blob = read_blob(shard, shard.mask_at, shard.index.mask_offset, frame);
  if (blob.empty()) return;
  const int height = static_cast<int>(shard.header.height), width = static_cast<int>(shard.header.width);
  cv::Mat mask(height, width, CV_8UC1), scaled;
  decode_mask(as_blob(blob), height, width, mask.data);
  cv::resize(mask, scaled, picture.size(), 0, 0, cv::INTER_NEAREST);
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(scaled, outlines, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_SIMPLE);
  cv::drawContours(picture, outlines, -1, {60, 60, 255}, 1, cv::LINE_AA);
}

void draw_landmarks(const Shard& shard, size_t frame, cv::Mat& picture) {
  const double scale = static_cast<double>(kSide) / static_cast<double>(shard.header.width);
  for (size_t i = 0; i < 68; ++i) {
    const auto pixel = [&](size_t axis) {
      return ((static_cast<double>(shard.index.landmarks[136 * frame + 2 * i + axis]) + 0.5) * scale - 0.5) * 16;
    };
    const double x = pixel(0), y = pixel(1);
    if (!std::isfinite(x) || !std::isfinite(y) || std::abs(x) > 1e6 || std::abs(y) > 1e6) continue;
    cv::circle(picture, {cv::saturate_cast<int>(x), cv::saturate_cast<int>(y)}, 24, {80, 255, 80}, cv::FILLED,
               cv::LINE_AA, 4);
  }
}

cv::Mat cell_of(const Shard& shard, const Face& face) {
  const auto frame = static_cast<size_t>(face.frame);
  cv::Mat cell(kSide + kCaption, kSide, CV_8UC3, cv::Scalar(32, 32, 32));
  cv::Mat picture = picture_of(shard, frame);
  draw_mask_outline(shard, frame, picture);
  draw_landmarks(shard, frame, picture);
  picture.copyTo(cell(cv::Rect(0, 0, kSide, kSide)));
  const auto write = [&](std::string text, int y, const cv::Scalar& colour) {
    if (text.size() > 36) text = "..." + text.substr(text.size() - 33);
    cv::putText(cell, text, {3, y}, cv::FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv::LINE_AA);
  };
  const bool real = face.label.starts_with("real");
  write(shard.header.split + "  " + face.label, kSide + 13,
        real ? cv::Scalar(120, 230, 120) : cv::Scalar(110, 110, 255));
  write(face.key, kSide + 28, {200, 200, 200});
  return cell;
}

}  // namespace

void write_contact_sheet(const fs::path& path, const fs::path& out_png) {
  const ShardSet set(path);
  const std::vector<Face> faces = choose(set);
  if (faces.empty()) throw DataError("[" + path.string() + "] holds no faces to draw");
  const int count = static_cast<int>(faces.size());
  const int columns = std::min(count, std::max(1, static_cast<int>(std::lround(std::sqrt(1.5 * count)))));
  const int rows = (count + columns - 1) / columns;
  cv::Mat sheet(rows * (kSide + kCaption + kGap) + kGap, columns * (kSide + kGap) + kGap, CV_8UC3,
                cv::Scalar(16, 16, 16));
  Shard shard;
  for (int i = 0; i < count; ++i) {
    const Face& face = faces[static_cast<size_t>(i)];
    if (i == 0 || shard.path != set.path(face.shard)) shard = set.open(face.shard);
    const cv::Point at(kGap + i % columns * (kSide + kGap), kGap + i / columns * (kSide + kCaption + kGap));
    cell_of(shard, face).copyTo(sheet(cv::Rect(at, cv::Size(kSide, kSide + kCaption))));
  }
  std::vector<uint8_t> png;
  if (!cv::imencode(".png", sheet, png)) throw Error("[" + out_png.string() + "] the contact sheet cannot be encoded");
  publish_file(out_png, {png.begin(), png.end()});
}

}  // namespace realface::data
