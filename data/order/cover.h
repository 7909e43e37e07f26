#pragma once

#include <cstdint>
#include <utility>

namespace realface::data {

/// Clips of `length` consecutive frames, as few as cover a video of `frames`, evenly spread: the first begins with it,
/// the last ends with it (RC3). A video shorter than a clip has none.
struct ClipCover {
  int64_t frames = 0, length = 1;

  int64_t clips() const { return frames < length ? 0 : (frames + length - 1) / length; }
  int64_t start(int64_t clip) const { return clips() < 2 ? 0 : clip * (frames - length) / (clips() - 1); }

  /// The frames [first, last) of the clip that begins at frame `begin` that lie nearer to its middle than to that of
  /// any other; between two, the earlier clip's. Each frame of the video belongs to one clip.
  std::pair<int64_t, int64_t> own(int64_t begin) const {
    int64_t clip = 0;
    while (clip + 1 < clips() && start(clip) < begin) { ++clip; }
    const int64_t first = clip == 0 ? 0 : border(clip - 1) - begin;
    const int64_t last = clip + 1 == clips() ? length : border(clip) - begin;
    return {first, last};
  }

 private:
  /// The first frame of the video that belongs to the next clip.
  int64_t border(int64_t clip) const { return (start(clip) + start(clip + 1) + length - 1) / 2 + 1; }
};

}  // namespace realface::data
