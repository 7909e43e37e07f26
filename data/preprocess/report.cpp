#include "data/preprocess/report.h"

#include <algorithm>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/shards/manifest.h"

namespace realface::data::preprocess {
namespace {

constexpr std::pair<double PhaseSeconds::*, const char*> kPhases[] = {{&PhaseSeconds::decode, "decode"},
                                                                      {&PhaseSeconds::detect, "detect"},
                                                                      {&PhaseSeconds::crop, "crop"},
                                                                      {&PhaseSeconds::encode, "encode"}};
constexpr size_t kKeptNotices = 1000;  // in a manifest: a broken disk must not make it huge

void add_row(ReportRow& sum, const ReportRow& row) {
  sum.videos += row.videos;
  sum.used += row.used;
  sum.considered += row.considered;
  sum.detected += row.detected;
  sum.stored += row.stored;
  sum.masks += row.masks;
  for (const auto& [name, count] : row.status) { sum.status[name] += count; }
}

ReportRow sum_of(const std::map<std::pair<std::string, std::string>, ReportRow>& rows) {
  ReportRow sum;
  for (const auto& [key, row] : rows) { add_row(sum, row); }
  return sum;
}

std::string status_list(const ReportRow& row) {
  std::string text;
  for (const auto& [name, count] : row.status) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + name;
  }
  return text;
}

void print_row(std::ostream& out, const std::string& split, const std::string& name, const ReportRow& row) {
  const double share =
      row.considered > 0 ? 100.0 * static_cast<double>(row.detected) / static_cast<double>(row.considered) : 0;
  out << std::left << std::setw(7) << split << std::setw(24) << name << std::right << std::setw(8) << row.videos
      << std::setw(8) << row.used << std::setw(10) << row.considered << std::setw(10) << row.detected << std::setw(8)
      << std::fixed << std::setprecision(1) << share << std::setw(10) << row.stored << std::setw(8) << row.masks << "  "
      << status_list(row) << "\n";
}

}  // namespace

std::string status_name(VideoStatus status) {
  switch (status) {
    case VideoStatus::ok:
      return "ok";
    case VideoStatus::unreadable:
      return "unreadable";
    case VideoStatus::no_frames:
      return "no_frames";
    case VideoStatus::no_face:
      return "no_face";
    case VideoStatus::too_few_faces:
      return "too_few_faces";
    case VideoStatus::truncated:
      return "truncated";
    case VideoStatus::crashed:
      return "crashed";
  }
  return "unknown";
}

void Report::count(const std::string& split, const Extracted& video) {
  const VideoRecord& record = video.record;
  ReportRow row;
  row.videos = 1;
  row.used = record.frames.empty() ? 0 : 1;
  row.considered = video.considered;
  row.detected = video.detected;
  row.stored = static_cast<int64_t>(record.frames.size());
  row.masks = std::ranges::count_if(record.frames, [](const FrameRecord& frame) { return !frame.mask.empty(); });
  if (record.status != VideoStatus::ok) { row.status[status_name(record.status)] = 1; }
  add_row(rows_[{split, class_name(record.label, record.manip)}], row);
  std::string why = video.why;
  if (video.bad_packets > 0) {
    why += (why.empty() ? "" : "; ") + std::to_string(video.bad_packets) + " damaged packets were skipped";
  }
  if (video.masks_missing > 0) {
    why += (why.empty() ? "" : "; ") + std::to_string(video.masks_missing) + " frames have no mask";
  }
  if (!why.empty()) { notices_.push_back({record.key, status_name(record.status), why}); }
  for (const auto& [phase, name] : kPhases) { seconds_.*phase += video.seconds.*phase; }
}

void Report::add(const Report& other) {
  for (const auto& [key, row] : other.rows_) { add_row(rows_[key], row); }
  notices_.insert(notices_.end(), other.notices_.begin(), other.notices_.end());
  std::ranges::sort(notices_, {}, &Notice::key);
  for (const auto& [phase, name] : kPhases) { seconds_.*phase += other.seconds_.*phase; }
}

int64_t Report::frames() const { return sum_of(rows_).stored; }
int64_t Report::videos() const { return sum_of(rows_).videos; }

std::string Report::skipped() const {
  ReportRow sum = sum_of(rows_);
  return status_list(sum);
}

std::string Report::table(size_t most) const {
  std::ostringstream out;
  out << std::left << std::setw(7) << "split" << std::setw(24) << "class" << std::right << std::setw(8) << "videos"
      << std::setw(8) << "used" << std::setw(10) << "searched" << std::setw(10) << "face in" << std::setw(8) << "%"
      << std::setw(10) << "stored" << std::setw(8) << "masks"
      << "  skipped or cut short, and why\n";
  for (const auto& [key, row] : rows_) { print_row(out, key.first, key.second, row); }
  print_row(out, "all", "", sum_of(rows_));
  double total = 0;
  for (const auto& [phase, name] : kPhases) { total += seconds_.*phase; }
  if (total > 0) {
    out << "time of all workers:";
    for (const auto& [phase, name] : kPhases) {
      out << " " << name << " " << std::fixed << std::setprecision(1) << seconds_.*phase << " s";
    }
    out << "; " << static_cast<double>(sum_of(rows_).considered) / total << " frames/s a worker\n";
  }
  for (size_t i = 0; i < std::min(most, notices_.size()); ++i) {
    out << notices_[i].status << ": " << notices_[i].key << ": " << notices_[i].why << "\n";
  }
  if (notices_.size() > most) { out << "and " << notices_.size() - most << " more, in the manifest\n"; }
  return out.str();
}

nlohmann::json Report::json(bool with_times) const {
  nlohmann::json json = {{"rows", nlohmann::json::array()}, {"notices", nlohmann::json::array()}};
  for (const auto& [key, row] : rows_) {
    json["rows"].push_back({{"split", key.first},
                            {"class", key.second},
                            {"videos", row.videos},
                            {"used", row.used},
                            {"searched", row.considered},
                            {"detected", row.detected},
                            {"stored", row.stored},
                            {"masks", row.masks},
                            {"status", row.status}});
  }
  for (size_t i = 0; i < std::min(kKeptNotices, notices_.size()); ++i) {
    json["notices"].push_back({{"key", notices_[i].key}, {"status", notices_[i].status}, {"why", notices_[i].why}});
  }
  if (with_times) {
    for (const auto& [phase, name] : kPhases) { json["seconds"][name] = seconds_.*phase; }
  }
  return json;
}

Report Report::from_json(const nlohmann::json& json) {
  Report report;
  for (const auto& row : json.at("rows")) {
    report.rows_[{row.at("split"), row.at("class")}] = {row.at("videos"),
                                                        row.at("used"),
                                                        row.at("searched"),
                                                        row.at("detected"),
                                                        row.at("stored"),
                                                        row.at("masks"),
                                                        row.at("status").get<std::map<std::string, int64_t>>()};
  }
  for (const auto& notice : json.at("notices")) {
    report.notices_.push_back({notice.at("key"), notice.at("status"), notice.at("why")});
  }
  if (json.contains("seconds")) {
    for (const auto& [phase, name] : kPhases) { report.seconds_.*phase = json.at("seconds").at(name); }
  }
  return report;
}

}  // namespace realface::data::preprocess
