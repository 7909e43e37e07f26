#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/sha256.h"

namespace realface::data {

/// Bits of FrameRecord::flags.
inline constexpr uint32_t kTracked = 1;        // box and landmarks of the nearest detected frame (G22)
inline constexpr uint32_t kConcealed = 2;      // the decoder repaired an error
inline constexpr uint32_t kEdgePadded = 4;     // the crop reaches over the edge of the picture
inline constexpr uint32_t kSmallFace = 8;      // the box is under 80 pixels wide
inline constexpr uint32_t kSeveralFaces = 16;  // more than one face was found

/// Why a video has the frames it has; stored, so that nothing is dropped silently.
enum class VideoStatus : int16_t {
  ok = 0,
  unreadable = 1,     // not a video, or no stream that can be decoded
  no_frames = 2,      // decodes to nothing
  no_face = 3,        // no frame with a face
  too_few_faces = 4,  // a face in under half of the frames (G22)
  truncated = 5,      // ends early; the frames before the end are used
  crashed = 6,        // the process that decoded it died or fell silent, twice
};

/// Where the masks of a video come from (L5).
enum class MaskSource : int8_t {
  none = 0,        // it has no masks
  dataset = 1,     // shipped with the dataset
  difference = 2,  // made from the difference to its original
  ssim = 3,        // made from the structural similarity to its original
  unaligned = 4,   // it has none, since its original does not show the same, pixel by pixel
};
/// "none", "dataset", "difference", "ssim" or "unaligned".
const char* mask_source_name(MaskSource source);

/// One stored face: a row of /frames. `crop` below is the stored picture, `source` the decoded video frame; pixel
/// centres are at integers.
struct FrameRecord {
  std::string blob;                    // encoded pixels
  int64_t pts_us = 0;                  // presentation time in the source, microseconds
  int32_t src_index = 0;               // ordinal of the decoded frame in the source
  int8_t label = -1;                   // 0 real, 1 fake, -1 unknown
  std::array<float, 136> landmarks{};  // x0, y0, x1, ... in crop pixels
  std::array<float, 6> affine{};       // row-major 2 x 3, source to crop
  std::array<float, 4> bbox{};         // detector box in source pixels: left, top, right, bottom
  float score = 0;                     // the detector's
  uint32_t flags = 0;
  std::string mask;  // encoded 1-bit mask of the tampered area; empty: none
};

/// A run of frames with one label inside a video: [first, last] of the source.
struct Segment {
  int32_t first = 0, last = 0;
  int8_t label = -1;
};

/// One video with its stored frames, in time order: a row of /videos.
struct VideoRecord {
  std::string key;  // stable id, at most 63 bytes: dataset/method/compression/stem, never a path of one machine
  int8_t label = -1;
  std::string manip, dataset, compression;
  int32_t identity = -1, partner = -1;  // persons: shown, and whose face was put in; -1 unknown
  int64_t group = 0;                    // leakage group: a source video and all fakes made from it
  Digest source_sha256{};
  float fps = 0;
  int32_t n_src = 0, width = 0, height = 0;
  int64_t source_bytes = 0;  // of the file, or of all files of frames; 0 unknown
  VideoStatus status = VideoStatus::ok;
  MaskSource mask_source = MaskSource::none;
  std::vector<Segment> segments;
  std::vector<FrameRecord> frames;
};

}  // namespace realface::data
