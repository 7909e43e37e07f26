#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/inspection/leaks.h"
#include "data/shards/set.h"

namespace realface::data {
namespace {

using Json = nlohmann::json;

constexpr int kLeakWidth = 28, kFigureWidth = 10;

void add_videos(const Shard& shard, std::vector<VideoFacts>& videos) {
  const ShardIndex& index = shard.index;
  for (size_t v = 0; v < index.video_label.size(); ++v) {
    const uint64_t begin = index.first[v], end = index.first[v + 1];
    if (begin == end || index.video_label[v] < 0) { continue; }
    VideoFacts video;
    const std::string manip = index.manip[v] < 0 ? "" : shard.header.names.manip[static_cast<size_t>(index.manip[v])];
    video.name = class_name(index.video_label[v], manip);
    video.fake = index.video_label[v] != 0;
    video.group = index.group[v];
    for (uint64_t frame = begin; frame < end; ++frame) {
      const uint64_t bytes = index.frame_offset[frame + 1] - index.frame_offset[frame];
      video.log_face_bytes += std::log(static_cast<double>(std::max<uint64_t>(bytes, 1)));
    }
    video.log_face_bytes /= static_cast<double>(end - begin);
    video.width = index.source_width[v];
    video.height = index.source_height[v];
    video.source_bytes = index.source_bytes.empty() ? 0 : index.source_bytes[v];
    video.frames = index.n_src[v];
    video.fps = static_cast<double>(index.fps[v]);
    videos.push_back(std::move(video));
  }
}

/// "source bitrate (AUC 0.97 alone)": the feature that tells most by itself.
std::string strongest(const Json& alone) {
  std::string name;
  double best = 0;
  for (const auto& [feature, auc] : alone.items()) {
    if (auc.get<double>() > best) {
      best = auc.get<double>();
      name = feature;
    }
  }
  std::ostringstream text;
  text << name << " (AUC " << std::fixed << std::setprecision(2) << best << " alone)";
  return text.str();
}

void leak_row(std::ostream& out, const std::string& name, const Json& found) {
  out << std::left << std::setw(kLeakWidth) << name << std::right << std::setw(kFigureWidth)
      << found["videos"].get<int64_t>() << std::setw(kFigureWidth) << found["reals"].get<int64_t>();
  if (found["auc"].is_null()) {
    out << "  not measured: " << found["why"].get<std::string>() << '\n';
  } else {
    out << std::fixed << std::setprecision(3) << std::setw(kFigureWidth) << found["auc"].get<double>() << "  +-"
        << found["chance_error"].get<double>() << '\n';
  }
}

void warning(std::ostream& out, const std::string& name, const Json& found) {
  const double auc = found["auc"], error = found["chance_error"];
  out << "warning: " << name << " can be told from real without looking at a face (AUC " << std::fixed
      << std::setprecision(2) << auc << "), most by " << strongest(found["alone"]);
  // Two deviations: one time in forty by chance.
  if (auc - 0.5 < 2 * error) {
    out << "; by so few videos that it may be chance\n";
  } else {
    out << "; a detector will learn that: make reals and fakes of one size, codec and quality\n";
  }
}

}  // namespace

Json find_leaks(const std::filesystem::path& path) {
  const ShardSet set(path);
  std::vector<VideoFacts> videos;
  for (size_t i = 0; i < set.size(); ++i) { add_videos(set.open(i), videos); }
  Json json = measure_leaks(videos);
  json["path"] = path.string();
  return json;
}

std::string leaks_text(const Json& leaks) {
  std::ostringstream out;
  std::string features;
  for (const auto& feature : leaks["features"]) {
    features.append(features.empty() ? "" : ", ").append(feature.get<std::string>());
  }
  out << "leak alarm: reals and fakes told apart by " << features << "; AUC on held-out videos, 0.5 is none\n";
  if (leaks["note"] != "") { out << "note: " << leaks["note"].get<std::string>() << '\n'; }
  if (leaks["classes"].empty()) { return out.str(); }
  out << '\n'
      << std::left << std::setw(kLeakWidth) << "class" << std::right << std::setw(kFigureWidth) << "videos"
      << std::setw(kFigureWidth) << "reals" << std::setw(kFigureWidth) << "AUC"
      << "  chance\n";
  for (const auto& [name, found] : leaks["classes"].items()) { leak_row(out, name, found); }
  for (const auto& name : leaks["leaks"]) { warning(out, name, leaks["classes"][name.get<std::string>()]); }
  return out.str();
}

}  // namespace realface::data
