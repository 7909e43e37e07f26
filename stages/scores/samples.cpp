#include "stages/scores/samples.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "data/shards/manifest.h"
#include "data/shards/reader.h"

namespace realface::stages {
namespace {

std::string name_of(const std::vector<std::string>& names, int16_t id) {
  return id >= 0 && static_cast<size_t>(id) < names.size() ? names[static_cast<size_t>(id)] : "";
}

void append_videos(const data::Shard& shard, std::vector<VideoInfo>& videos) {
  const auto& index = shard.index;
  for (int64_t v = 0; v < index.videos(); ++v) {
    const auto at = static_cast<size_t>(v);
    VideoInfo video;
    video.key = index.key_of(v);
    video.label = index.video_label[at];
    video.method = video.label == 0 ? "" : name_of(shard.header.names.manip, index.manip[at]);
    video.dataset = name_of(shard.header.names.dataset, index.dataset[at]);
    video.class_name = data::class_name(video.label, video.method);
    video.split = shard.header.split;
    video.group = index.group[at];
    video.frames = static_cast<int64_t>(index.first[at + 1] - index.first[at]);
    videos.push_back(std::move(video));
  }
}

/// `count` of the videos, evenly spaced.
std::vector<const VideoInfo*> spread(const std::vector<const VideoInfo*>& videos, int64_t count) {
  std::vector<const VideoInfo*> some;
  const auto all = static_cast<int64_t>(videos.size());
  for (int64_t i = 0; i < std::min(count, all); ++i) {
    some.push_back(videos[static_cast<size_t>((2 * i + 1) * all / (2 * std::min(count, all)))]);
  }
  return some;
}

}  // namespace

SampleTable::SampleTable(std::vector<VideoInfo> videos) : videos_(std::move(videos)) {
  int64_t next = 0;
  for (auto& video : videos_) {
    video.first = next;
    next += video.frames;
  }
}

SampleTable SampleTable::read(const data::Folders& folders) {
  std::vector<VideoInfo> videos;
  for (const auto& entry : data::Manifest::load(folders).shards) {
    append_videos(data::open_shard(entry.path()), videos);
  }
  return SampleTable(std::move(videos));
}

int64_t SampleTable::samples() const { return videos_.empty() ? 0 : videos_.back().first + videos_.back().frames; }

size_t SampleTable::video_of(int64_t sample) const {
  if (sample < 0 || sample >= samples()) {
    throw DataError("[data.shards] sample " + std::to_string(sample) + " of a dataset of " + std::to_string(samples()) +
                    "; the shards changed under the run: start again");
  }
  // The last video that starts at or before the sample: those without frames start where the next one does.
  const auto after = std::upper_bound(videos_.begin(), videos_.end(), sample,
                                      [](int64_t value, const VideoInfo& video) { return value < video.first; });
  return static_cast<size_t>(after - videos_.begin()) - 1;
}

int64_t SampleTable::seen_in_training(const std::string& split) const {
  if (split == "train") { return static_cast<int64_t>(videos_.size()); }
  std::set<int64_t> trained;
  for (const auto& video : videos_) {
    if (video.split == "train" && video.frames > 0) { trained.insert(video.group); }
  }
  return std::count_if(videos_.begin(), videos_.end(), [&](const VideoInfo& video) {
    return video.split == split && video.frames > 0 && trained.contains(video.group);
  });
}

std::set<int64_t> SampleTable::pick(const std::string& split, int64_t real, int64_t fake) const {
  std::map<std::string, std::map<int64_t, std::vector<const VideoInfo*>>> by_class;  // class, then group
  for (const auto& video : videos_) {
    if (video.split == split && video.frames > 0) { by_class[video.class_name][video.group].push_back(&video); }
  }
  std::set<int64_t> samples, groups;
  const auto take = [&](const std::vector<const VideoInfo*>& videos, int64_t count, bool leads) {
    for (const auto* video : spread(videos, count)) {
      samples.insert(video->first + video->frames / 2);
      if (leads) { groups.insert(video->group); }
    }
  };
  for (const bool reals : {true, false}) {
    for (const auto& [name, of_group] : by_class) {
      if ((name == "real") != reals) { continue; }
      const int64_t count = reals ? real : fake;
      // One video of a group where there are enough groups: they show different people.
      const bool one_each = static_cast<int64_t>(of_group.size()) >= count;
      std::vector<const VideoInfo*> same, all;
      for (const auto& [group, members] : of_group) {
        const auto end = one_each ? members.begin() + 1 : members.end();
        all.insert(all.end(), members.begin(), end);
        if (groups.contains(group)) { same.insert(same.end(), members.begin(), end); }
      }
      take(same.empty() ? all : same, count, reals);
    }
  }
  return samples;
}

}  // namespace realface::stages
