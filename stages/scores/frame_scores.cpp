#include "stages/scores/frame_scores.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file.h"
#include "stages/scores/results.h"
#include "stages/scores/scores_file.h"

namespace realface::stages {
namespace {

constexpr size_t kPiece = 1 << 16;  // of a file, in memory

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

/// The first bytes of a file, piece by piece.
void copy_beginning(const std::filesystem::path& path, uint64_t bytes, const TakePiece& take) {
  const auto file = open_file(path, O_RDONLY);
  std::string piece;
  for (uint64_t at = 0; at < bytes; at += piece.size()) {
    piece.resize(std::min<uint64_t>(kPiece, bytes - at));
    if (!file || read_exactly(file, at, piece.data(), piece.size()).bytes != piece.size()) {
      throw DataError(fmt::format("{} is shorter than its checkpoint says ({} bytes); begin in a new run.dir",
                                  subject_of(path), bytes));
    }
    take(piece);
  }
}

}  // namespace

void write_frame_scores(const std::filesystem::path& path, uint64_t kept, const FrameScores& scores) {
  publish_pieces(path, [&](const TakePiece& take) {
    if (kept == 0) {
      take(header(scores));
    } else {
      copy_beginning(path, kept, take);
    }
    std::string rows;
    for_each(scores, [&](const VideoInfo& video, int64_t frame, const float* branches, double p_fake) {
      rows += fmt::format("{},{},{},{},{},{}", csv_field(scores.set), csv_field(video.dataset), csv_field(video.key),
                          csv_field(video.method), video.label, frame);
      for (size_t i = 0; i < scores.branches.size(); ++i) {
        rows += fmt::format(",{}", static_cast<double>(branches[i]));
      }
      rows += fmt::format(",{}\n", p_fake);
      if (rows.size() < kPiece) { return; }
      take(rows);
      rows.clear();
    });
    take(rows);
  });
}

nlohmann::json frame_results(const FrameScores& scores) {
  const auto* first = scores.table.videos().data();
  return metrics_by_method([&](const auto& take) {
    for_each(scores, [&](const VideoInfo& video, int64_t /*frame*/, const float* /*branches*/, double p_fake) {
      take({p_fake, static_cast<int32_t>(&video - first), video.label == 1, &video.method});
    });
  });
}

}  // namespace realface::stages
