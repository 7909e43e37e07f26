#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "data/importers/source.h"
#include "data/preprocess/video/picture.h"

/// Videos and pictures as sequences of frames in order of presentation.
namespace realface::data::preprocess {

struct StreamInfo {
  int width = 0, height = 0;      // as shown: after the rotation that the file asks for
  double fps = 0;                 // 0: unknown
  std::vector<int64_t> times_us;  // presentation time of each frame, ascending; its length is the number of frames
  int64_t bad_packets = 0;        // skipped, since they cannot be decoded
  bool truncated = false;         // the file ends before its stream does
  int rotation = 0;               // clockwise degrees that were applied
  std::string matrix;             // how YUV became RGB, for the record
  double x264_crf = -1;           // quality that x264 noted in the stream; -1: no such note
  std::optional<Digest> sha256;   // archive: of its pictures, each one's SHA-256 in order; other sources have files
};

struct Frame {
  Picture picture;
  int32_t index = 0;  // ordinal in order of presentation
  int64_t pts_us = 0;
  bool concealed = false;  // the decoder repaired an error
};

/// What hostile or broken files may cost.
struct DecodeLimits {
  int64_t max_pixels = 8192LL * 8192;  // of one frame
  int64_t max_side = 32766;            // of one frame: OpenCV's warps count pixels in 16 bits
  int64_t max_frames = 1LL << 22;
  double max_seconds = 300;          // of waiting for the next packet: a film may be hours long
  int64_t max_archived = 1LL << 30;  // bytes of the pictures of one archived video
};

/// The process that decoded a file died or fell silent (decoder.h). No Error: what catches those for a file that cannot
/// be read must not take the death of its decoder for one.
class DecoderCrash : public std::runtime_error {
 public:
  DecoderCrash(const std::string& path, const std::string& what) : std::runtime_error(what), path_(path) {}
  const std::string& path() const { return path_; }  // of the file

 private:
  std::string path_;
};

/// Throws DataError, naming `path`, for frames that are larger.
void check_frame_size(const std::string& path, int64_t width, int64_t height, const DecodeLimits& limits);

/// One opened source. Not thread-safe; one object a thread.
class FrameReader {
 public:
  virtual ~FrameReader() = default;
  virtual const StreamInfo& info() const = 0;
  /// Decodes forward from the start, once, and hands over the frames of these ascending ordinals. A frame that cannot
  /// be decoded is left out. May be called again.
  virtual void read(const std::vector<int32_t>& wanted, const std::function<void(Frame)>& take) = 0;
};

/// Throws DataError that says why the file is no video that can be decoded. Frames are counted by a scan of the packets
/// and known by their presentation times, since headers and seeks lie. A build without video throws Error.
std::unique_ptr<FrameReader> open_video(const std::string& path, const DecodeLimits& limits = {});

/// One frame a file, 40 ms apart, all of the first readable one's size. Files that do not decode, or have another size,
/// are left out of `read`.
std::unique_ptr<FrameReader> open_pictures(const std::vector<std::string>& paths, const DecodeLimits& limits = {});

/// The same of the numbered pictures directly below the folder `member` of an archive, in the order of their numbers.
/// Reads the archive once, here, and keeps the pictures as they are stored.
std::unique_ptr<FrameReader> open_archive(const std::string& path, const std::string& member,
                                          const DecodeLimits& limits = {});

std::unique_ptr<FrameReader> open_source(const importers::Source& source, const DecodeLimits& limits = {});

/// Versions of the libraries that decode, for the record; a build without video says so.
std::string video_libraries();

/// The rule by which YUV becomes RGB, for the record.
inline constexpr const char* kColourRule =
    "the stream's matrix and range; unstated: bt709 from 720 lines on, else bt601, limited; to full-range RGB";

}  // namespace realface::data::preprocess
