#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "data/preprocess/extract.h"

namespace realface::data::preprocess {

/// Counts of one split and class.
struct ReportRow {
  int64_t videos = 0, used = 0;           // used: with stored frames
  int64_t considered = 0, detected = 0;   // frames searched, and those of them with the person's face
  int64_t stored = 0;                     // frames in the shards
  int64_t masks = 0;                      // of these, with a mask
  std::map<std::string, int64_t> status;  // videos by status, without "ok"
};

/// A video that a person should look at: skipped, or used only in part.
struct Notice {
  std::string key, status, why;
};

/// What became of the videos: adds up over videos and shards, whoever made them.
class Report {
 public:
  void count(const std::string& split, const Extracted& video);
  void add(const Report& other);

  int64_t frames() const;
  int64_t videos() const;
  const std::map<std::pair<std::string, std::string>, ReportRow>& rows() const { return rows_; }
  const std::vector<Notice>& notices() const { return notices_; }
  const PhaseSeconds& seconds() const { return seconds_; }

  /// For people: a line for each split and class, the sums, time by phase, then the videos to look at (`most` of them).
  std::string table(size_t most = 20) const;
  /// "2 no_face, 1 unreadable", of all videos without frames.
  std::string skipped() const;

  /// Without times the JSON is the same whoever did the work.
  nlohmann::json json(bool with_times) const;
  static Report from_json(const nlohmann::json& json);

 private:
  std::map<std::pair<std::string, std::string>, ReportRow> rows_;  // by split and class
  std::vector<Notice> notices_;
  PhaseSeconds seconds_;
};

/// "no_face" or the like.
std::string status_name(VideoStatus status);

}  // namespace realface::data::preprocess
