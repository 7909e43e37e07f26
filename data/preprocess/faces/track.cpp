#include "data/preprocess/faces/track.h"

#include <algorithm>
#include <cmath>

namespace realface::data::preprocess {
namespace {

struct Track {
  Box last;
  double area = 0, tampered = 0;
  std::vector<int> faces;  // by frame
};

/// The open track that the box continues, or none.
Track* continued(std::vector<Track>& tracks, const Box& box, size_t frame) {
  Track* best = nullptr;
  float most = kSamePerson;
  for (Track& track : tracks) {
    const float shared = overlap(track.last, box);
    if (track.faces[frame] >= 0 || shared <= most) { continue; }
    best = &track;
    most = shared;
  }
  return best;
}

}  // namespace

std::vector<int> choose_track(const std::vector<std::vector<Face>>& frames,
                              const std::vector<std::vector<double>>& tampered) {
  std::vector<Track> tracks;
  for (size_t t = 0; t < frames.size(); ++t) {
    for (size_t i = 0; i < frames[t].size(); ++i) {
      const Box& box = frames[t][i].box;
      Track* track = continued(tracks, box, t);
      if (track == nullptr) { track = &tracks.emplace_back(Track{box, 0, 0, std::vector<int>(frames.size(), -1)}); }
      track->last = box;
      track->area += box.area();
      if (!tampered.empty()) { track->tampered += tampered[t][i]; }
      track->faces[t] = static_cast<int>(i);
    }
  }
  if (tracks.empty()) { return std::vector<int>(frames.size(), -1); }
  const auto weight = [](const Track& track) { return std::pair(track.tampered, track.area); };
  return std::ranges::max_element(tracks, {}, weight)->faces;
}

std::vector<int> nearest_found(const std::vector<int>& chosen) {
  std::vector<int> found;
  for (size_t t = 0; t < chosen.size(); ++t) {
    if (chosen[t] >= 0) { found.push_back(static_cast<int>(t)); }
  }
  if (found.empty()) { return {}; }
  std::vector<int> nearest;
  for (size_t t = 0; t < chosen.size(); ++t) {
    nearest.push_back(*std::ranges::min_element(found, {}, [t](int f) { return std::abs(f - static_cast<int>(t)); }));
  }
  return nearest;
}

double search_scale(int longer_side) {
  return longer_side < 300 ? 2.0 : longer_side <= 1000 ? 1.0 : longer_side <= 1900 ? 0.5 : 0.33;
}

}  // namespace realface::data::preprocess
