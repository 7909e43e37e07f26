#pragma once

#include <cstdint>
#include <optional>

#include "data/preprocess/config.h"
#include "data/preprocess/faces/crop.h"
#include "data/preprocess/faces/placement.h"
#include "data/preprocess/phases.h"
#include "data/shards/records.h"

namespace realface::data::preprocess {

/// A frame, and the face that is cut out of it.
struct FoundFrame {
  int32_t index = 0;
  int64_t pts_us = 0;
  bool concealed = false;  // by its decoder
  bool tracked = false;    // the face is that of the nearest frame that has one (G22)
  bool several = false;    // other people are there too
  Face face;
};

/// Cuts faces out of a video's frames and encodes them. One thread an object.
class FrameCropper {
 public:
  /// `clip`: the person's faces in all frames, from which a Placer decides where to crop. The time spent is added to
  /// `seconds`, which outlives the object.
  FrameCropper(const PreprocessConfig& config, const std::vector<Face>& clip, PhaseSeconds& seconds);

  /// All of a frame's record but its label. `mask` is of the whole frame (L5).
  FrameRecord crop(const FoundFrame& frame, const Picture& picture, const std::optional<FrameMask>& mask) const;

 private:
  const PreprocessConfig& config_;
  Placer placer_;
  CodecConfig codec_;
  PhaseSeconds& seconds_;
};

}  // namespace realface::data::preprocess
