#include "data/importers/forgery_net_lists.h"

#include <algorithm>
#include <array>
#include <optional>

#include "data/importers/list_files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, kLastClass> kClasses = {
    "FaceShifter",       "FS-GAN",      "DeepFakes", "BlendFace",         "MMReplacement",
    "DeepFakes-StarGAN", "TalkingHead", "ATVG-Net",  "StarGAN-BlendFace", "FirstOrderMotion",
    "StyleGAN2",         "MaskGAN",     "StarGAN2",  "SC-FEGAN",          "DiscoFaceGAN",
    "RAVDESS",           "CREMA-D",     "AVSpeech",  "VoxCeleb"};

constexpr size_t kSegmentWords = 3;

/// 0 real, 1 fake, -1 neither.
int fake_word(std::string_view word) {
  if (word == "1" || word == "fake") { return 1; }
  return word == "0" || word == "real" ? 0 : -1;
}

using Words = std::vector<std::string_view>;

/// The last words: `<binary> <triple> <class>`, or `<binary> <class>`.
bool read_labels(const Words& words, size_t from, ForgeryNetEntry& entry) {
  if (words.size() != from + 2 && words.size() != from + 3) { return false; }
  const int fake = fake_word(words[from]);
  entry.fake = fake == 1;
  entry.listed = whole_number(words.back());
  return fake >= 0 && entry.listed >= 0 && entry.listed <= kLastClass && whole_number(words[words.size() - 2]) >= 0;
}

bool read_segments(const Words& words, size_t count, ForgeryNetEntry& entry) {
  for (size_t segment = 0; segment < count; ++segment) {
    const size_t at = 2 + segment * kSegmentWords;
    const int32_t first = whole_number(words[at]), frames = whole_number(words[at + 1]);
    const int fake = fake_word(words[at + 2]);
    if (first < 0 || frames < 1 || fake < 0) { return false; }
    entry.runs.push_back({first, frames, static_cast<int8_t>(fake)});
  }
  return true;
}

bool read_entry(const Words& words, ForgeryNetEntry& entry) {
  const int32_t segments = whole_number(words[0]);
  const bool video = segments >= 0 && words.size() > 3;
  if (!video) {
    entry.tail = forgery_net_tail(words[0]);
    if (!read_labels(words, 1, entry)) { return false; }
  } else {
    const size_t labels = 2 + static_cast<size_t>(segments) * kSegmentWords;
    if (words.size() != labels + 3 || !read_segments(words, static_cast<size_t>(segments), entry)) { return false; }
    entry.tail = forgery_net_tail(words[1]);
    if (!read_labels(words, labels, entry)) { return false; }
  }
  entry.folder = class_folder(std::string_view(entry.tail).substr(0, entry.tail.find('/')));
  return !entry.tail.empty();
}

}  // namespace

const char* forgery_net_class(int32_t number) { return kClasses.at(static_cast<size_t>(number - kFirstForgery)); }

int32_t class_folder(std::string_view name) {
  const int32_t number = whole_number(name);
  return number >= kFirstForgery && number <= kLastClass && name.front() != '0' ? number : 0;
}

bool ForgeryNetEntry::disagrees() const {
  if (fake != (folder < kFirstReal)) { return true; }
  // Reals have class 0 in the list, whatever their origin.
  return fake ? listed != folder : listed != 0 && listed != folder;
}

std::string forgery_net_tail(std::string_view path) {
  for (size_t start = 0; start < path.size();) {
    const size_t end = std::min(path.find('/', start), path.size());
    if (end < path.size() && class_folder(path.substr(start, end - start)) != 0) {
      return std::string(path.substr(start));
    }
    start = end + 1;
  }
  return "";
}

void read_forgery_net_list(const fs::path& path, const std::function<void(ForgeryNetEntry&& entry)>& take) {
  for_each_line(path, [&](int64_t number, std::string_view line) {
    ForgeryNetEntry entry;
    if (!read_entry(split_line(line, ' '), entry)) {
      refuse_line(path, number, line,
                  "a path with a class folder 1 to 19, its segments where it is a video, and labels");
    }
    take(std::move(entry));
  });
}

void ForgeryNetLabels::read(const fs::path& list) {
  const auto number = static_cast<int32_t>(lists_.size());
  lists_.push_back(list);
  read_forgery_net_list(list, [&](ForgeryNetEntry&& entry) {
    if (entry.disagrees() && disagreeing_++ == 0) { disagreement_ = entry.tail + " in " + list.string(); }
    by_tail_.try_emplace(std::move(entry.tail), Listed{std::move(entry.runs), number, false});
  });
}

const std::vector<LabelledRun>* ForgeryNetLabels::find(const std::string& tail) {
  auto entry = by_tail_.find(tail);
  // Some lists name the folder of a video, not the file in it.
  if (entry == by_tail_.end()) { entry = by_tail_.find(tail.substr(0, tail.rfind('/'))); }
  if (entry == by_tail_.end()) { return nullptr; }
  entry->second.found = true;
  return &entry->second.runs;
}

void ForgeryNetLabels::each_absent(
    const std::function<void(const std::string& tail, const fs::path& list)>& take) const {
  std::vector<const std::pair<const std::string, Listed>*> absent;
  for (const auto& entry : by_tail_) {
    if (!entry.second.found) { absent.push_back(&entry); }
  }
  std::ranges::sort(absent, {}, [](const auto* entry) { return entry->first; });
  for (const auto* entry : absent) { take(entry->first, lists_[static_cast<size_t>(entry->second.list)]); }
}

}  // namespace realface::data::importers
