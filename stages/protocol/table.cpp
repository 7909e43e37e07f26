#include "stages/protocol/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "stages/scores/roc.h"

namespace realface::stages {
namespace {

constexpr const char* kAllBranches = "p_fake";

/// One seed's part of a line.
struct SeedResult {
  SeedAuc shown;
  AucEstimate estimate;
};

/// A line with what its mean needs.
struct MeasuredLine {
  TableLine line;
  std::vector<SeedResult> seeds;
};

/// The scores of one detector on the videos of a test.
std::map<VideoKey, LabelledVideo> tested_videos(const Scores& scores, const std::string& score, const Test& test) {
  const auto branch = std::ranges::find(scores.branches, score.substr(2)) - scores.branches.begin();
  std::map<VideoKey, LabelledVideo> videos;
  for (const auto& video : scores.videos) {
    const bool other_method = video.label == 1 && !test.method.empty() && video.method != test.method;
    if (video.set != test.set || other_method || std::isnan(video.p_fake)) { continue; }
    const double p_fake = score == kAllBranches ? video.p_fake : video.branches.at(static_cast<size_t>(branch));
    videos[{video.dataset, video.video}] = {p_fake, video.label == 1};
  }
  return videos;
}

RocMetrics metrics_of_videos(const std::map<VideoKey, LabelledVideo>& videos) {
  std::vector<Scored> scored;
  for (const auto& [key, video] : videos) {
    scored.push_back({video.p_fake, static_cast<int32_t>(scored.size()), video.fake});
  }
  return roc_metrics(scored);
}

double mean_over(const std::vector<SeedAuc>& seeds, double SeedAuc::*value) {
  double sum = 0;
  for (const auto& seed : seeds) { sum += seed.*value; }
  return seeds.empty() ? kNaN : sum / static_cast<double>(seeds.size());
}

double deviation_over(const std::vector<SeedAuc>& seeds, double SeedAuc::*value) {
  if (seeds.size() < 2) { return kNaN; }
  const double mean = mean_over(seeds, value);
  double squares = 0;
  for (const auto& seed : seeds) { squares += (seed.*value - mean) * (seed.*value - mean); }
  return std::sqrt(squares / static_cast<double>(seeds.size() - 1));
}

/// Fills in what follows from the seeds.
void sum_up(MeasuredLine& measured) {
  auto& line = measured.line;
  std::vector<AucEstimate> estimates;
  for (const auto& seed : measured.seeds) {
    line.seeds.push_back(seed.shown);
    estimates.push_back(seed.estimate);
  }
  const auto mean = mean_estimate(estimates);
  line.auc = mean.auc, line.low = mean.low, line.high = mean.high;
  line.deviation = deviation_over(line.seeds, &SeedAuc::auc);
  line.eer = mean_over(line.seeds, &SeedAuc::eer);
  line.eer_deviation = deviation_over(line.seeds, &SeedAuc::eer);
}

class Detector {
 public:
  Detector(std::string entry, std::string score, const std::vector<uint64_t>& seeds, const CellScores& scores)
      : entry_(std::move(entry)), score_(std::move(score)), seeds_(seeds), scores_(scores) {}

  void add_block(const TestBlock& block, std::vector<TableLine>& lines) const {
    std::vector<MeasuredLine> averaged;
    for (const auto& test : block) {
      auto measured = measure(test);
      lines.push_back(measured.line);
      if (test.in_mean) { averaged.push_back(std::move(measured)); }
    }
    if (averaged.size() > 1) { lines.push_back(mean_of(averaged)); }
  }

 private:
  TableLine begin(const Test& test) const {
    TableLine line;
    line.entry = entry_, line.score = score_, line.test = test;
    return line;
  }

  MeasuredLine measure(const Test& test) const {
    MeasuredLine measured{begin(test), {}};
    std::optional<std::map<VideoKey, LabelledVideo>> first;
    for (const uint64_t seed : seeds_) {
      const auto found = scores_.find({seed, test.cell});
      if (found == scores_.end()) { continue; }
      const auto videos = tested_videos(found->second, score_, test);
      if (first && !same_videos(*first, videos)) { return of_other_videos(test, seed); }
      first = videos;
      add_seed(seed, videos, measured);
    }
    sum_up(measured);
    return measured;
  }

  static void add_seed(uint64_t seed, const std::map<VideoKey, LabelledVideo>& videos, MeasuredLine& measured) {
    const auto metrics = metrics_of_videos(videos);
    measured.line.real = metrics.real, measured.line.fake = metrics.fake;
    if (std::isnan(metrics.auc)) {
      measured.line.reason = metrics.reason;
      return;
    }
    const SeedAuc shown{seed, metrics.auc, metrics.auc_low, metrics.auc_high, metrics.eer};
    measured.seeds.push_back({shown, estimate_auc(videos)});
  }

  static bool same_videos(const std::map<VideoKey, LabelledVideo>& first,
                          const std::map<VideoKey, LabelledVideo>& videos) {
    return std::ranges::equal(first, videos, [](const auto& a, const auto& b) {
      return a.first == b.first && a.second.fake == b.second.fake;
    });
  }

  /// Without numbers, since a mean over seeds is of the same videos.
  MeasuredLine of_other_videos(const Test& test, uint64_t seed) const {
    MeasuredLine measured{begin(test), {}};
    measured.line.reason = fmt::format(
        "seed {} scored other videos of set '{}' than the seed before; remove RUN/{}/{}/{}, or that of the "
        "other seed, and start again",
        seed, test.set, seed, test.cell, entry_);
    return measured;
  }

  /// What all lines say alike.
  static Test in_common(const std::vector<MeasuredLine>& lines) {
    auto test = lines.front().line.test;
    for (const auto text : {&Test::cell, &Test::trained_on, &Test::set, &Test::method}) {
      const bool alike = std::ranges::all_of(lines, [&](const auto& one) { return one.line.test.*text == test.*text; });
      if (!alike) { (test.*text).clear(); }
    }
    return test;
  }

  /// Over those seeds that have all of the lines.
  TableLine mean_of(const std::vector<MeasuredLine>& lines) const {
    MeasuredLine mean{begin(in_common(lines)), {}};
    mean.line.mean_of = lines.size();
    for (const uint64_t seed : seeds_) {
      std::vector<AucEstimate> estimates;
      double eer = 0;
      for (const auto& line : lines) {
        const auto own = std::ranges::find(line.seeds, seed, [](const auto& one) { return one.shown.seed; });
        if (own == line.seeds.end()) { continue; }
        estimates.push_back(own->estimate);
        eer += own->shown.eer / static_cast<double>(lines.size());
      }
      if (estimates.size() < lines.size()) { continue; }
      auto estimate = mean_estimate(estimates);
      const SeedAuc shown{seed, estimate.auc, estimate.low, estimate.high, eer};
      mean.seeds.push_back({shown, std::move(estimate)});
    }
    sum_up(mean);
    return std::move(mean.line);
  }

  std::string entry_, score_;
  const std::vector<uint64_t>& seeds_;
  const CellScores& scores_;
};

/// p_fake, and each branch if there are several.
std::vector<std::string> scores_in(const CellScores& cells) {
  std::vector<std::string> names{kAllBranches};
  if (cells.empty() || cells.begin()->second.branches.size() < 2) { return names; }
  for (const auto& branch : cells.begin()->second.branches) { names.push_back("p_" + branch); }
  return names;
}

}  // namespace

std::vector<TableLine> table_lines(const std::string& entry, const std::vector<TestBlock>& blocks,
                                   const std::vector<uint64_t>& seeds, const CellScores& scores) {
  std::vector<TableLine> lines;
  for (const auto& score : scores_in(scores)) {
    const Detector detector(entry, score, seeds, scores);
    for (const auto& block : blocks) { detector.add_block(block, lines); }
  }
  return lines;
}

nlohmann::json line_json(const TableLine& line) {
  const auto text = [](const std::string& value) { return value.empty() ? nlohmann::json() : nlohmann::json(value); };
  nlohmann::json seeds = nlohmann::json::array();
  for (const auto& one : line.seeds) {
    seeds.push_back({{"seed", one.seed},
                     {"auc", number_or_null(one.auc)},
                     {"auc_low", number_or_null(one.low)},
                     {"auc_high", number_or_null(one.high)},
                     {"eer", number_or_null(one.eer)}});
  }
  nlohmann::json json = {{"entry", line.entry},
                         {"score", line.score},
                         {"cell", text(line.test.cell)},
                         {"trained_on", text(line.test.trained_on)},
                         {"set", text(line.test.set)},
                         {"method", text(line.test.method)},
                         {"auc", number_or_null(line.auc)},
                         {"auc_deviation", number_or_null(line.deviation)},
                         {"auc_low", number_or_null(line.low)},
                         {"auc_high", number_or_null(line.high)},
                         {"eer", number_or_null(line.eer)},
                         {"eer_deviation", number_or_null(line.eer_deviation)},
                         {"seeds", seeds}};
  if (line.mean_of > 0) {
    json["mean_of"] = line.mean_of;
  } else {
    json["real"] = line.real, json["fake"] = line.fake;
  }
  if (!line.reason.empty()) { json["reason"] = line.reason; }
  return json;
}

}  // namespace realface::stages
