#include <cmath>

#include "stages/report/html.h"
#include "stages/report/sections.h"

namespace realface::stages::report::html {
namespace {

struct Work {
  double samples = 0, seconds = 0;
};

/// Of the lines that say both.
Work work_of(const RunPart& part) {
  Work work;
  for (const auto& point : part.curve) {
    if (!std::isfinite(point.samples) || !std::isfinite(point.seconds)) { continue; }
    work.samples += point.samples, work.seconds += point.seconds;
  }
  return work;
}

}  // namespace

std::string throughput(const ReportInput& input) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& part : input.parts) {
    const auto work = work_of(part);
    if (!(work.samples > 0) || !(work.seconds > 0)) { continue; }
    rows.push_back({entry_title(part), part.scores && !part.trained() ? "videos" : "samples",
                    count(std::llround(work.samples)), seconds(work.seconds), number(work.samples / work.seconds)});
  }
  if (rows.empty()) { return ""; }
  return section(
      "throughput", "How fast it ran",
      paragraph(
          "As the lines of metrics.jsonl say, with the reading of data and the writing of checkpoints. A sample is what the stage takes "
          "at a time: a face, a clip, or some frames of a video.") +
          table("Throughput of each stage, all ranks together", {"stage", "what", "how many", "time", "a second"}, rows,
                2));
}

}  // namespace realface::stages::report::html
