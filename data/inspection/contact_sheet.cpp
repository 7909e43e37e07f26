#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/codec/codec.h"
#include "data/faces/landmarks.h"
#include "data/faces/self_blend.h"
#include "data/inspection/inspect.h"
#include "data/shards/set.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

constexpr size_t kFaces = 48;
constexpr int kSide = 224, kCaption = 34, kGap = 8, kMaskText = 104;

/// One face of the sheet, found in the index.
struct Face {
  size_t shard;
  uint64_t frame;
  bool real;
  std::string label, key, masks;
};

std::vector<Face> faces_of(const Shard& shard, size_t number) {
  std::vector<Face> faces;
  const ShardIndex& index = shard.index;
  for (size_t v = 0; v < index.video_label.size(); ++v) {
    if (index.first[v + 1] == index.first[v]) { continue; }
    const auto manip = static_cast<size_t>(index.manip[v]);
    faces.push_back({number, (index.first[v] + index.first[v + 1]) / 2, index.video_label[v] == 0,
                     class_name(index.video_label[v], index.manip[v] < 0 ? "" : shard.header.names.manip[manip]),
                     index.key_of(static_cast<int64_t>(v)),
                     mask_source_name(static_cast<MaskSource>(index.mask_source[v]))});
  }
  return faces;
}

std::vector<Face> choose(const ShardSet& set, Sheet kind) {
  std::vector<Face> all, chosen;
  for (size_t i = 0; i < set.size(); ++i) {
    for (Face& face : faces_of(set.open(i), i)) {
      if (kind == Sheet::stored || face.real) { all.push_back(std::move(face)); }
    }
  }
  const size_t count = std::min(kFaces, all.size());
  for (size_t i = 0; i < count; ++i) { chosen.push_back(all[i * all.size() / count]); }
  return chosen;
}

std::string read_blob(const Shard& shard, uint64_t at, const std::vector<uint64_t>& offset, size_t frame) {
  std::string blob(offset[frame + 1] - offset[frame], '\0');
  if (!blob.empty()) { PositionedFile(shard.path).read(at + offset[frame], blob.data(), blob.size()); }
  return blob;
}

/// What a cell shows, at the size it was stored with.
struct View {
  cv::Mat rgb, tampered;  // tampered: 0 and 1, empty where there is no mask
};

View stored_view(const Shard& shard, size_t frame) {
  const int height = static_cast<int>(shard.header.height), width = static_cast<int>(shard.header.width);
  View view{.rgb = cv::Mat(height, width, CV_8UC3), .tampered = {}};
  decode_frame(shard.header.codec, as_blob(read_blob(shard, shard.blob_at, shard.index.frame_offset, frame)), height,
               width, view.rgb.data);
  const std::string mask = read_blob(shard, shard.mask_at, shard.index.mask_offset, frame);
  if (mask.empty()) { return view; }
  view.tampered.create(height, width, CV_8UC1);
  decode_mask(as_blob(mask), height, width, view.tampered.data);
  return view;
}

/// `number`: of the cell; faces of two shards may have the same frame number, and each shall be blended its own way.
View self_blended_view(const Shard& shard, size_t frame, uint64_t number) {
  View view = stored_view(shard, frame);
  const Landmarks points = std::span(shard.index.landmarks).subspan(136 * frame).first<136>();
  const SelfBlend blend = self_blend(view.rgb.data, view.rgb.rows, view.rgb.cols, points, 0, 0, number);
  std::copy(blend.fake.begin(), blend.fake.end(), view.rgb.data);
  view.tampered.create(view.rgb.size(), CV_8UC1);
  std::copy(blend.tampered.begin(), blend.tampered.end(), view.tampered.data);
  return view;
}

void draw_mask_outline(const cv::Mat& tampered, cv::Mat& picture) {
  cv::Mat scaled;
  cv::resize(tampered, scaled, picture.size(), 0, 0, cv::INTER_NEAREST);
  std::vector<std::vector<cv::Point>> outlines;
  cv::findContours(scaled, outlines, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);  // of holes too
  cv::drawContours(picture, outlines, -1, {60, 60, 255}, 1, cv::LINE_AA);
}

void draw_landmarks(const Shard& shard, size_t frame, cv::Mat& picture) {
  const double scale = static_cast<double>(kSide) / static_cast<double>(shard.header.width);
  for (size_t i = 0; i < 68; ++i) {
    const auto pixel = [&](size_t axis) {
      return ((static_cast<double>(shard.index.landmarks[136 * frame + 2 * i + axis]) + 0.5) * scale - 0.5) * 16;
    };
    const double x = pixel(0), y = pixel(1);
    if (!std::isfinite(x) || !std::isfinite(y) || std::abs(x) > 1e6 || std::abs(y) > 1e6) { continue; }
    cv::circle(picture, {cv::saturate_cast<int>(x), cv::saturate_cast<int>(y)}, 24, {80, 255, 80}, cv::FILLED,
               cv::LINE_AA, 4);
  }
}

cv::Mat cell_of(const Shard& shard, const Face& face, uint64_t number, Sheet kind) {
  const auto frame = static_cast<size_t>(face.frame);
  cv::Mat cell(kSide + kCaption, kSide, CV_8UC3, cv::Scalar(32, 32, 32)), bgr, picture;
  const View view = kind == Sheet::stored ? stored_view(shard, frame) : self_blended_view(shard, frame, number);
  cv::cvtColor(view.rgb, bgr, cv::COLOR_RGB2BGR);
  cv::resize(bgr, picture, {kSide, kSide}, 0, 0, cv::INTER_AREA);
  if (!view.tampered.empty()) { draw_mask_outline(view.tampered, picture); }
  if (kind == Sheet::stored) { draw_landmarks(shard, frame, picture); }
  picture.copyTo(cell(cv::Rect(0, 0, kSide, kSide)));
  const auto write = [&](std::string text, int y, const cv::Scalar& colour) {
    if (text.size() > 36) { text = "..." + text.substr(text.size() - 33); }
    cv::putText(cell, text, {3, y}, cv::FONT_HERSHEY_SIMPLEX, 0.36, colour, 1, cv::LINE_AA);
  };
  const bool real = face.real && kind == Sheet::stored;
  write(shard.header.split + "  " + (kind == Sheet::stored ? face.label : "self-blended"), kSide + 13,
        real ? cv::Scalar(120, 230, 120) : cv::Scalar(110, 110, 255));
  write(face.key, kSide + 28, {200, 200, 200});
  if (kind == Sheet::stored && face.masks != "none") {
    cell(cv::Rect(0, 0, kMaskText, 16)) *= 0.3;  // else it could not be read on a bright picture
    write("mask: " + face.masks, 12, {110, 110, 255});
  }
  return cell;
}

}  // namespace

void write_contact_sheet(const fs::path& path, const fs::path& out_png, Sheet kind) {
  const ShardSet set(path);
  const std::vector<Face> faces = choose(set, kind);
  if (faces.empty()) {
    throw DataError("[" + path.string() + "] holds no " + std::string(kind == Sheet::stored ? "" : "real ") +
                    "faces to draw");
  }
  const int count = static_cast<int>(faces.size());
  const int columns = std::min(count, std::max(1, static_cast<int>(std::lround(std::sqrt(1.5 * count)))));
  const int rows = (count + columns - 1) / columns;
  cv::Mat sheet(rows * (kSide + kCaption + kGap) + kGap, columns * (kSide + kGap) + kGap, CV_8UC3,
                cv::Scalar(16, 16, 16));
  Shard shard;
  for (int i = 0; i < count; ++i) {
    const Face& face = faces[static_cast<size_t>(i)];
    if (i == 0 || shard.path != set.path(face.shard)) { shard = set.open(face.shard); }
    const cv::Point at(kGap + i % columns * (kSide + kGap), kGap + i / columns * (kSide + kCaption + kGap));
    cell_of(shard, face, static_cast<uint64_t>(i), kind).copyTo(sheet(cv::Rect(at, cv::Size(kSide, kSide + kCaption))));
  }
  cv::cvtColor(sheet, sheet, cv::COLOR_BGR2RGB);
  publish_file(out_png, encode_frame(Codec::png, sheet.data, sheet.rows, sheet.cols));
}

}  // namespace realface::data
