#include "stages/scores/frame_scores.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

#include "base/atomic_file.h"
#include "stages/scores/results.h"
#include "stages/scores/scores_file.h"

namespace realface::stages {
namespace {

/// The frames that were scored, in the order of the dataset: video, number in it, scores of the branches, their mean.
using Visit = std::function<void(const VideoInfo&, int64_t frame, const float* branches, double p_fake)>;

void for_each(const FrameScores& scores, const Visit& visit) {
  const auto columns = static_cast<int64_t>(scores.branches.size());
  const auto rows = scores.scores.contiguous();
  const auto* values = rows.const_data_ptr<float>();
  for (const auto& video : scores.table.videos()) {
    for (int64_t frame = 0; video.label >= 0 && frame < video.frames; ++frame) {
      const float* own = values + (video.first + frame) * columns;
      double sum = 0;
      for (int64_t i = 0; i < columns; ++i) { sum += static_cast<double>(own[i]); }
      if (!std::isnan(sum)) { visit(video, frame, own, sum / static_cast<double>(columns)); }
    }
  }
}

std::string header(const FrameScores& scores) {
  std::string text = "set,dataset,video,method,label,frame";
  for (const auto& branch : scores.branches) { text += ",p_" + branch; }
  return text + ",p_fake\n";
}

}  // namespace

void write_frame_scores(const std::filesystem::path& path, const std::string& old, const FrameScores& scores) {
  std::string text = old.empty() ? header(scores) : old;
  for_each(scores, [&](const VideoInfo& video, int64_t frame, const float* branches, double p_fake) {
    text += fmt::format("{},{},{},{},{},{}", csv_field(scores.set), csv_field(video.dataset), csv_field(video.key),
                        csv_field(video.method), video.label, frame);
    for (size_t i = 0; i < scores.branches.size(); ++i) {
      text += fmt::format(",{}", static_cast<double>(branches[i]));
    }
    text += fmt::format(",{}\n", p_fake);
  });
  publish_file(path, text);
}

nlohmann::json frame_results(const FrameScores& scores) {
  std::vector<LabelledScore> all;
  const auto* first = scores.table.videos().data();
  for_each(scores, [&](const VideoInfo& video, int64_t /*frame*/, const float* /*branches*/, double p_fake) {
    all.push_back({p_fake, static_cast<int32_t>(&video - first), video.label == 1, &video.method});
  });
  return metrics_by_method(all);
}

}  // namespace realface::stages
