#include "stages/scores/scores_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::stages {
namespace {

constexpr const char* kFirstColumns = "set,dataset,video,method,label,frames";
constexpr size_t kFirst = 6;

std::string number(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

/// The fields of the record that begins at `at`, which moves behind its line break.
std::vector<std::string> record(const std::string& text, size_t& at) {
  std::vector<std::string> fields(1);
  bool inside = false;
  for (; at < text.size(); ++at) {
    const char letter = text[at];
    if (inside && letter == '"' && at + 1 < text.size() && text[at + 1] == '"') {
      fields.back() += text[++at];
    } else if (letter == '"') {
      inside = !inside;
    } else if (!inside && letter == ',') {
      fields.emplace_back();
    } else if (!inside && letter == '\n') {
      ++at;
      break;
    } else if (inside || letter != '\r') {
      fields.back() += letter;
    }
  }
  return fields;
}

template <class T>
T parsed(const std::string& text, const std::string& where) {
  T value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) {
    throw Error(fmt::format("{}: '{}' is no number; expected what `stage: evaluate` writes", where, text));
  }
  return value;
}

double score_of(const std::string& text, const std::string& where) {
  return text.empty() ? kNaN : parsed<double>(text, where);
}

std::vector<std::string> branches_of(const std::vector<std::string>& header, const std::filesystem::path& path) {
  const auto columns = fmt::format("{}", fmt::join(header, ","));
  std::vector<std::string> branches;
  bool fits = columns.starts_with(kFirstColumns) && header.size() > kFirst && header.back() == "p_fake";
  for (size_t i = kFirst; fits && i + 1 < header.size(); ++i) {
    fits = header[i].starts_with("p_");
    branches.push_back(header[i].substr(std::min<size_t>(2, header[i].size())));
  }
  if (fits) { return branches; }
  throw Error(fmt::format("{} holds the columns '{}'; expected {},p_BRANCH...,p_fake, as `stage: evaluate` writes them",
                          subject_of(path), columns, kFirstColumns));
}

VideoScore video_of(const std::vector<std::string>& fields, const std::string& where) {
  VideoScore video;
  video.set = fields[0], video.dataset = fields[1], video.video = fields[2], video.method = fields[3];
  video.label = parsed<int>(fields[4], where);
  video.frames = parsed<int64_t>(fields[5], where);
  video.p_fake = score_of(fields.back(), where);
  for (size_t i = kFirst; i + 1 < fields.size() && !std::isnan(video.p_fake); ++i) {
    video.branches.push_back(score_of(fields[i], where));
  }
  if (video.label != 0 && video.label != 1) {
    throw Error(fmt::format("{}: label {}; expected 0 for real or 1 for fake", where, video.label));
  }
  return video;
}

}  // namespace

std::map<std::string, std::vector<const VideoScore*>> videos_by_set(const Scores& scores) {
  std::map<std::string, std::vector<const VideoScore*>> sets;
  for (const auto& video : scores.videos) { sets[video.set].push_back(&video); }
  return sets;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) { return text; }
  std::string result = "\"";
  for (const char letter : text) { result += letter == '"' ? std::string("\"\"") : std::string(1, letter); }
  return result + "\"";
}

void write_scores(const std::filesystem::path& path, const Scores& scores) {
  std::string text = kFirstColumns;
  for (const auto& branch : scores.branches) { text += ",p_" + branch; }
  text += ",p_fake\n";
  for (const auto& video : scores.videos) {
    text += fmt::format("{},{},{},{},{},{}", csv_field(video.set), csv_field(video.dataset), csv_field(video.video),
                        csv_field(video.method), video.label, video.frames);
    for (size_t i = 0; i < scores.branches.size(); ++i) {
      text += "," + (i < video.branches.size() ? number(video.branches[i]) : "");
    }
    text += "," + number(video.p_fake) + "\n";
  }
  publish_file(path, text);
}

Scores read_scores(const std::filesystem::path& path) {
  const auto text = read_file(path);
  size_t at = 0, line = 1;
  const auto header = record(text, at);
  Scores scores{branches_of(header, path), {}};
  std::set<std::pair<std::string, std::string>> seen;
  while (at < text.size()) {
    const auto where = fmt::format("{} record {}", subject_of(path), ++line);
    const auto fields = record(text, at);
    if (fields.size() != header.size()) {
      throw Error(fmt::format("{} has {} fields; expected {}: the file was cut or edited", where, fields.size(),
                              header.size()));
    }
    scores.videos.push_back(video_of(fields, where));
    if (!seen.insert({fields[0], fields[2]}).second) {
      throw Error(fmt::format("{}: video '{}' of set '{}' comes twice", where, fields[2], fields[0]));
    }
  }
  return scores;
}

}  // namespace realface::stages
