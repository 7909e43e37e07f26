#include "data/inspection/leaks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/counter_rng.h"
#include "data/inspection/logistic.h"

namespace realface::data {
namespace {

using Json = nlohmann::json;

constexpr size_t kFolds = 5;
constexpr std::array<const char*, 4> kFeatures = {"face bytes", "source width", "source height", "source bitrate"};
constexpr size_t kWithoutBitrate = 3;

bool bitrate_known(const VideoFacts& video) { return video.source_bytes > 0 && video.frames > 0; }

/// The first `count` features.
std::vector<double> features_of(const VideoFacts& video, size_t count) {
  const auto logarithm = [](double value) { return std::log(std::max(value, 1.0)); };
  const double a_frame =
      8 * static_cast<double>(video.source_bytes) / static_cast<double>(std::max<int64_t>(video.frames, 1));
  std::vector<double> features = {video.log_face_bytes, logarithm(static_cast<double>(video.width)),
                                  logarithm(static_cast<double>(video.height)),
                                  logarithm(a_frame * (video.fps > 0 ? video.fps : 1))};
  features.resize(count);
  return features;
}

/// The videos of one comparison, in parallel arrays.
struct Sample {
  FeatureRows rows;
  std::vector<uint8_t> fake;
  std::vector<int64_t> group;

  void add(const VideoFacts& video, size_t features) {
    rows.push_back(features_of(video, features));
    fake.push_back(video.fake ? 1 : 0);
    group.push_back(video.group);
  }
  Sample where(const std::vector<size_t>& fold, size_t number, bool equal) const {
    Sample part;
    for (size_t i = 0; i < rows.size(); ++i) {
      if ((fold[i] == number) != equal) { continue; }
      part.rows.push_back(rows[i]);
      part.fake.push_back(fake[i]);
    }
    return part;
  }
  bool both_classes() const { return std::ranges::count(fake, 1) > 0 && std::ranges::count(fake, 0) > 0; }
};

/// Brings the rows to the mean 0 and deviation 1 that those of `train` have.
void standardise(Sample& train, Sample& held_out) {
  for (size_t f = 0; f < train.rows.front().size(); ++f) {
    double sum = 0, squares = 0;
    for (const auto& row : train.rows) { sum += row[f]; }
    const double mean = sum / static_cast<double>(train.rows.size());
    for (const auto& row : train.rows) { squares += (row[f] - mean) * (row[f] - mean); }
    const double deviation = std::sqrt(squares / static_cast<double>(train.rows.size()));
    for (Sample* sample : {&train, &held_out}) {
      for (auto& row : sample->rows) { row[f] = deviation > 1e-12 ? (row[f] - mean) / deviation : 0; }
    }
  }
}

/// The fold of every video: groups are dealt in an order that a hash decides, those with fakes first, so that each fold
/// has its share of both.
std::vector<size_t> folds_of(const Sample& sample) {
  std::map<int64_t, bool> has_fake;
  for (size_t i = 0; i < sample.group.size(); ++i) { has_fake[sample.group[i]] |= sample.fake[i] != 0; }
  std::vector<std::tuple<bool, uint64_t, int64_t>> order;
  for (const auto& [group, fake] : has_fake) { order.emplace_back(!fake, mix({static_cast<uint64_t>(group)}), group); }
  std::ranges::sort(order);
  std::map<int64_t, size_t> fold_of_group;
  for (size_t i = 0; i < order.size(); ++i) { fold_of_group[std::get<2>(order[i])] = i % kFolds; }
  std::vector<size_t> folds;
  for (const int64_t group : sample.group) { folds.push_back(fold_of_group.at(group)); }
  return folds;
}

/// Over all folds that can be measured.
RankedPairs held_out_pairs(const Sample& sample) {
  const std::vector<size_t> folds = folds_of(sample);
  RankedPairs sum;
  for (size_t fold = 0; fold < kFolds; ++fold) {
    Sample train = sample.where(folds, fold, false), held_out = sample.where(folds, fold, true);
    if (!train.both_classes() || !held_out.both_classes()) { continue; }
    standardise(train, held_out);
    const Logistic classifier = fit_logistic(train.rows, train.fake);
    std::vector<double> scores;
    for (const auto& row : held_out.rows) { scores.push_back(classifier.score(row)); }
    const RankedPairs pairs = ranked_pairs(scores, held_out.fake);
    sum.right += pairs.right;
    sum.all += pairs.all;
  }
  return sum;
}

Json alone(const Sample& sample, size_t features) {
  Json json = Json::object();
  for (size_t f = 0; f < features; ++f) {
    std::vector<double> values;
    for (const auto& row : sample.rows) { values.push_back(row[f]); }
    const RankedPairs pairs = ranked_pairs(values, sample.fake);
    json[kFeatures[f]] = std::max(pairs.right, pairs.all - pairs.right) / pairs.all;
  }
  return json;
}

Json compare(const Sample& sample, size_t features) {
  const auto fakes = static_cast<double>(std::ranges::count(sample.fake, 1));
  const double reals = static_cast<double>(sample.fake.size()) - fakes;
  Json json = {{"videos", static_cast<int64_t>(fakes)}, {"reals", static_cast<int64_t>(reals)}, {"auc", nullptr}};
  if (reals == 0) {
    json["why"] = "there are no real videos to compare with";
    return json;
  }
  const RankedPairs pairs = held_out_pairs(sample);
  if (pairs.all == 0) {
    json["why"] = "its videos and the real ones are of too few leakage groups to hold some out";
    return json;
  }
  const double auc = pairs.right / pairs.all;
  json["auc"] = auc;
  json["chance_error"] = std::sqrt((fakes + reals + 1) / (12 * fakes * reals));
  json["alone"] = alone(sample, features);
  json["leak"] = auc > kLeakThreshold;
  return json;
}

}  // namespace

Json measure_leaks(const std::vector<VideoFacts>& videos) {
  const bool bitrate = std::ranges::all_of(videos, bitrate_known);
  const size_t features = bitrate ? kFeatures.size() : kWithoutBitrate;
  std::set<std::string> classes;
  for (const VideoFacts& video : videos) {
    if (video.fake) { classes.insert(video.name); }
  }
  Json json = {
      {"kind", "leaks"},
      {"threshold", kLeakThreshold},
      {"features", std::vector<std::string>(kFeatures.begin(), kFeatures.begin() + static_cast<long>(features))},
      {"classes", Json::object()},
      {"leaks", Json::array()},
      {"note", ""}};
  if (!bitrate) { json["note"] = "the bytes of some sources are not stored, so the bitrate is left out"; }
  if (classes.empty()) { json["note"] = "there are no fake videos, so there is nothing to compare"; }
  for (const std::string& name : classes) {
    Sample sample;
    for (const VideoFacts& video : videos) {
      if (!video.fake || video.name == name) { sample.add(video, features); }
    }
    Json found = compare(sample, features);
    if (found.value("leak", false)) { json["leaks"].push_back(name); }
    json["classes"][name] = std::move(found);
  }
  return json;
}

}  // namespace realface::data
