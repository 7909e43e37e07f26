#include "stages/scores/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"
#include "data/shards/manifest.h"

namespace realface::stages {
namespace {

/// A video that one file lists at least.
struct PairedVideo {
  int label = 0;
  std::string method;
  double a = kNaN, b = kNaN;  // NaN: not scored
};
using PairedSet = std::map<std::pair<std::string, std::string>, PairedVideo>;  // by dataset and key

using SetsByName = std::map<std::string, std::vector<const VideoScore*>>;

/// "the sets 'ffpp', 'dfdc'"
std::string quoted_names(const SetsByName& sets) {
  std::vector<std::string> names;
  for (const auto& [name, videos] : sets) { names.push_back("'" + name + "'"); }
  if (names.empty()) { return "no set"; }
  return fmt::format("the {} {}", names.size() == 1 ? "set" : "sets", fmt::join(names, ", "));
}

PairedSet paired_videos(const std::vector<const VideoScore*>& a, const std::vector<const VideoScore*>& b,
                        const std::string& files) {
  PairedSet pairs;
  for (const auto* video : a) { pairs[{video->dataset, video->video}] = {video->label, video->method, video->p_fake}; }
  for (const auto* video : b) {
    auto& pair =
        pairs.try_emplace({video->dataset, video->video}, PairedVideo{video->label, video->method}).first->second;
    if (pair.label != video->label || pair.method != video->method) {
      throw Error(fmt::format(
          "{} disagree about video '{}' of dataset '{}' in set '{}': {} in the first, {} in the second; expected one label and method of a video: score the same shards with both detectors",
          files, video->video, video->dataset, video->set,
          data::class_name(static_cast<int8_t>(pair.label), pair.method),
          data::class_name(static_cast<int8_t>(video->label), video->method)));
    }
    pair.b = video->p_fake;
  }
  return pairs;
}

/// Fills in what the test says of scores of the same videos.
void test_difference(const std::vector<double>& a, const std::vector<double>& b, const std::vector<bool>& fake,
                     ComparedVideos& row) {
  if (row.real < 2 || row.fake < 2) {
    row.reason = fmt::format(
        "a comparison needs two real and two fake videos that both files score; there are {} real and {} fake",
        row.real, row.fake);
    return;
  }
  row.auc = compare_auc(a, b, fake);
  if (row.auc.low == row.auc.high && row.auc.difference != 0) {
    row.auc.low = row.auc.high = row.auc.p = kNaN;
    row.reason = "all videos differ by the same amount, so DeLong's variance is 0: no interval and no p value";
  }
}

/// `method` empty: all videos, else its fakes and all reals.
ComparedVideos compared_videos(const std::string& set, const std::string& method, const PairedSet& pairs) {
  ComparedVideos row;
  row.set = set, row.method = method;
  std::vector<double> a, b;
  std::vector<bool> fake;
  for (const auto& [key, video] : pairs) {
    if (video.label == 1 && !method.empty() && video.method != method) { continue; }
    const bool by_a = !std::isnan(video.a), by_b = !std::isnan(video.b);
    if (by_a && by_b) {
      a.push_back(video.a), b.push_back(video.b), fake.push_back(video.label == 1);
      ++(video.label == 1 ? row.fake : row.real);
    } else {
      ++(by_a ? row.only_a : by_b ? row.only_b : row.neither);
    }
  }
  test_difference(a, b, fake, row);
  return row;
}

void add_rows(const std::string& set, const PairedSet& pairs, std::vector<ComparedVideos>& rows) {
  rows.push_back(compared_videos(set, "", pairs));
  std::set<std::string> methods;  // "" among them if fakes have no name
  for (const auto& [key, video] : pairs) {
    if (video.label == 1) { methods.insert(video.method); }
  }
  if (methods.size() < 2) { return; }
  for (const auto& method : methods) {
    if (!method.empty()) { rows.push_back(compared_videos(set, method, pairs)); }
  }
}

nlohmann::json row_json(const ComparedVideos& row) {
  nlohmann::json json = {{"auc_a", number_or_null(row.auc.auc_a)},
                         {"auc_b", number_or_null(row.auc.auc_b)},
                         {"difference", number_or_null(row.auc.difference)},
                         {"difference_low", number_or_null(row.auc.low)},
                         {"difference_high", number_or_null(row.auc.high)},
                         {"p", number_or_null(row.auc.p)},
                         {"real", row.real},
                         {"fake", row.fake},
                         {"only_a", row.only_a},
                         {"only_b", row.only_b},
                         {"neither", row.neither}};
  if (!row.reason.empty()) { json["reason"] = row.reason; }
  return json;
}

}  // namespace

Comparison compare_scores(const NamedScores& a, const NamedScores& b) {
  Comparison comparison{a.file, b.file, {}, {}, {}};
  const auto sets_a = videos_by_set(a.scores), sets_b = videos_by_set(b.scores);
  for (const auto& [name, videos] : sets_a) {
    const auto other = sets_b.find(name);
    if (other == sets_b.end()) {
      comparison.sets_only_a.push_back(name);
    } else {
      add_rows(name, paired_videos(videos, other->second, subject_of(a.file) + " and " + subject_of(b.file)),
               comparison.rows);
    }
  }
  for (const auto& [name, videos] : sets_b) {
    if (!sets_a.contains(name)) { comparison.sets_only_b.push_back(name); }
  }
  if (comparison.rows.empty()) {
    throw Error(
        fmt::format("{} has {} and {} has {}; expected a set that both have: evaluate both on the same data.sets",
                    subject_of(a.file), quoted_names(sets_a), subject_of(b.file), quoted_names(sets_b)));
  }
  return comparison;
}

nlohmann::json comparison_json(const Comparison& comparison) {
  nlohmann::json json = {{"a", comparison.a},
                         {"b", comparison.b},
                         {"sets", nlohmann::json::object()},
                         {"sets_only_a", comparison.sets_only_a},
                         {"sets_only_b", comparison.sets_only_b}};
  for (const auto& row : comparison.rows) {
    json["sets"][row.set][row.method.empty() ? "all" : row.method] = row_json(row);
  }
  return json;
}

}  // namespace realface::stages
