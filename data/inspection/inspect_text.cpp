#include <array>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "data/inspection/inspect.h"

namespace realface::data {
namespace {

using Json = nlohmann::json;

constexpr int kNameWidth = 18, kClassWidth = 28, kCountWidth = 12;

/// Facts of what made the shards, and how people call them.
constexpr std::array<std::pair<const char*, const char*>, 8> kMadeBy = {{{"crop", "crop"},
                                                                         {"margin", "crop / box"},
                                                                         {"yuv_matrix_range", "colour matrix"},
                                                                         {"detector", "detector"},
                                                                         {"landmark_model_sha256", "landmark model"},
                                                                         {"libraries", "libraries"},
                                                                         {"git_commit", "made by"},
                                                                         {"config_digest", "configuration"}}};

/// 1234567 as "1,234,567".
std::string number(int64_t value) {
  const std::string digits = std::to_string(value);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0 && digits[i - 1] != '-') { text.push_back(','); }
    text.push_back(digits[i]);
  }
  return text;
}

int64_t whole(const Json& object, const char* name) { return object.value(name, int64_t{0}); }
Json part(const Json& object, const char* name) { return object.value(name, Json::object()); }

std::string size_text(int64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) { value /= 1024; }
  std::ostringstream text;
  text << std::fixed << std::setprecision(unit == 0 ? 0 : 1) << value << ' ' << kUnits[unit];
  return text.str();
}

std::ostream& name_of(std::ostream& out, const std::string& name) {
  return out << std::left << std::setw(kNameWidth) << name;
}

void row(std::ostream& out, const std::string& name, const Json& counts) {
  out << std::left << std::setw(kClassWidth) << name << std::right << std::setw(kCountWidth)
      << number(whole(counts, "videos")) << std::setw(kCountWidth) << number(whole(counts, "frames")) << '\n';
}

/// "ok 12, no_face 1": those that are not zero.
std::string listed(const Json& counts) {
  std::ostringstream text;
  for (const auto& [name, count] : counts.items()) {
    if (count != 0) { text << (text.tellp() > 0 ? ", " : "") << name << ' ' << number(count.get<int64_t>()); }
  }
  return text.tellp() > 0 ? text.str() : "none";
}

void splits_table(std::ostream& out, const Json& splits) {
  out << '\n'
      << std::left << std::setw(kClassWidth) << "split, class" << std::right << std::setw(kCountWidth) << "videos"
      << std::setw(kCountWidth) << "frames" << '\n';
  for (const auto& [name, split] : splits.items()) {
    row(out, name, split);
    const Json classes = part(split, "classes");
    for (const auto& [label, counts] : classes.items()) { row(out, std::string(2, ' ').append(label), counts); }
  }
  out << '\n';
}

}  // namespace

std::string inspect_text(const Json& facts) {
  const Json totals = part(facts, "totals"), made_by = part(facts, "made_by");
  const int64_t frames = whole(totals, "frames"), bytes = whole(totals, "bytes");
  std::ostringstream out;
  name_of(out, "shards") << facts.value("path", "") << '\n';
  if (facts.contains("dataset_digest")) {
    name_of(out, "dataset") << facts["dataset_digest"].get<std::string>() << '\n';
  }
  name_of(out, "holds") << number(frames) << " faces of " << number(whole(totals, "videos")) << " videos, "
                        << number(whole(facts, "identities")) << " identities; "
                        << number(whole(facts, "frames_with_mask")) << " with a mask\n";
  name_of(out, "crops") << whole(facts, "height") << " x " << whole(facts, "width") << ", " << facts.value("codec", "")
                        << ", " << size_text(frames > 0 ? bytes / frames : 0) << " a face\n";
  name_of(out, "files") << number(whole(totals, "shards")) << " of " << size_text(bytes) << " together\n";
  splits_table(out, part(facts, "splits"));
  name_of(out, "videos") << listed(part(facts, "videos_by_status")) << '\n';
  name_of(out, "masks from") << listed(part(facts, "videos_by_mask_source")) << '\n';
  name_of(out, "frame flags") << listed(part(facts, "frames_by_flag")) << '\n';
  for (const auto& [name, words] : kMadeBy) {
    if (made_by.contains(name) && made_by[name] != "") {
      name_of(out, words) << (made_by[name].is_string() ? made_by[name].get<std::string>() : made_by[name].dump())
                          << '\n';
    }
  }
  return out.str();
}

}  // namespace realface::data
