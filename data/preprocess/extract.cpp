#include "data/preprocess/extract.h"

#include <algorithm>
#include <chrono>
#include <map>

#include "base/error.h"
#include "data/codec.h"
#include "data/importers/files.h"
#include "data/preprocess/crop.h"

namespace realface::data::preprocess {
namespace {

constexpr size_t kHeldBytes = size_t{256} << 20U;  // decoded frames that are kept; beyond, the video is decoded twice
constexpr float kSmallFaceWidth = 80;

/// Adds the time of its life to a sum.
class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() { sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& sum_;
  std::chrono::steady_clock::time_point start_;
};

Digest source_digest(const importers::Source& source) {
  if (source.kind != importers::SourceKind::frames) return sha256_file(source.path);
  Sha256 all;
  for (const auto& file : importers::frame_files(source.path)) {
    const Digest one = sha256_file(file.string());
    all.update(one.data(), one.size());
  }
  return all.finish();
}

std::string frames_text(size_t count) { return std::to_string(count) + (count == 1 ? " frame" : " frames"); }

/// A frame of the first pass: what is known of it besides its pixels.
struct Seen {
  int32_t index = 0;
  int64_t pts_us = 0;
  bool concealed = false;
  std::vector<Face> faces;
};

class Extraction {
 public:
  Extraction(const importers::Source& source, const PreprocessConfig& config, FaceFinder& finder)
      : source_(source), config_(config), finder_(finder), codec_(codec_by_name(config.codec)) {}

  Extracted run() {
    describe();
    if (!open()) return std::move(out_);
    search();
    const std::vector<std::vector<Face>> faces = faces_by_frame();
    chosen_ = choose_track(faces);
    out_.considered = static_cast<int64_t>(seen_.size());
    out_.detected = std::ranges::count_if(chosen_, [](int face) { return face >= 0; });
    if (!enough()) return std::move(out_);
    nearest_ = nearest_found(chosen_);
    crop_all();
    return std::move(out_);
  }

 private:
  void describe() {
    VideoRecord& record = out_.record;
    record.key = source_.key;
    record.label = source_.label;
    record.manip = source_.manip;
    record.dataset = source_.dataset;
    record.compression = source_.compression;
    record.identity = source_.identity;
    record.partner = source_.partner;
    record.group = source_.group;
  }

  void refuse(VideoStatus status, const std::string& why) {
    out_.record.status = status;
    out_.why = why;
  }

  bool open() {
    Stopwatch watch(out_.seconds.decode);
    try {
      out_.record.source_sha256 = source_digest(source_);
      reader_ = open_source(source_);
    } catch (const Error& error) {  // no video, no such file, no permission
      refuse(VideoStatus::unreadable, error.what());
      return false;
    }
    const StreamInfo& info = reader_->info();
    out_.bad_packets = info.bad_packets;
    out_.record.fps = static_cast<float>(info.fps);
    out_.record.n_src = static_cast<int32_t>(info.times_us.size());
    out_.record.width = info.width;
    out_.record.height = info.height;
    if (info.truncated) {
      out_.record.status = VideoStatus::truncated;
      out_.why = "the file ends before its video does; the " + std::to_string(info.times_us.size()) +
                 " frames before the end are used";
    }
    wanted_ = chosen_frames(out_.record.n_src, config_.frames);
    if (wanted_.empty()) refuse(VideoStatus::no_frames, "it holds no frame that can be decoded");
    return !wanted_.empty();
  }

  /// The first pass: faces of every wanted frame, and the pixels while they fit.
  void search() {
    std::optional<Box> last;
    size_t held = 0;
    decode([&](Frame frame) {
      Stopwatch watch(out_.seconds.detect);
      seen_.push_back({frame.index, frame.pts_us, frame.concealed, finder_.find(frame.picture, last)});
      if (!seen_.back().faces.empty()) last = follow(last, seen_.back().faces);
      held += frame.picture.bytes();
      if (held <= kHeldBytes) held_.push_back(std::move(frame.picture));
    });
    if (seen_.empty()) refuse(VideoStatus::no_frames, "none of its frames can be decoded");
  }

  /// Where to look first in the next frame: at the face that goes on from here, else at the largest.
  static Box follow(const std::optional<Box>& last, const std::vector<Face>& faces) {
    if (!last) return faces.front().box;
    const auto shared = [&last](const Face& face) { return overlap(*last, face.box); };
    const auto best = std::ranges::max_element(faces, {}, shared);
    return shared(*best) > 0 ? best->box : faces.front().box;
  }

  // Time in the reader is decoding, less what the callback took for itself.
  void decode(const std::function<void(Frame)>& take) {
    double inside = 0, whole = 0;
    try {
      Stopwatch watch(whole);
      reader_->read(wanted_, [&](Frame frame) {
        Stopwatch own(inside);
        take(std::move(frame));
      });
    } catch (const DataError& error) {  // the frames before the fault are used
      if (out_.record.status == VideoStatus::ok) out_.record.status = VideoStatus::truncated;
      if (out_.why.empty()) out_.why = error.what();
    }
    out_.seconds.decode += whole - inside;
  }

  std::vector<std::vector<Face>> faces_by_frame() const {
    std::vector<std::vector<Face>> faces;
    for (const Seen& frame : seen_) faces.push_back(frame.faces);
    return faces;
  }

  bool enough() {
    if (seen_.empty()) return false;
    if (out_.detected == 0) {
      refuse(VideoStatus::no_face, "no face was found in its " + frames_text(seen_.size()));
      return false;
    }
    if (2 * out_.detected < static_cast<int64_t>(seen_.size())) {
      refuse(VideoStatus::too_few_faces, "one person's face was found in " + std::to_string(out_.detected) + " of " +
                                             frames_text(seen_.size()) + "; half of them are needed");
      return false;
    }
    return true;
  }

  const Face& face_at(size_t frame) const {
    const auto from = static_cast<size_t>(nearest_[frame]);
    return seen_[from].faces[static_cast<size_t>(chosen_[from])];
  }

  void crop_all() {
    Box clip = face_at(0).box;
    for (size_t t = 1; t < seen_.size(); ++t) clip = unite(clip, face_at(t).box);
    const std::map<int32_t, std::string> masks = read_masks(clip);
    const auto store = [&](size_t t, const Picture& picture) {
      out_.record.frames.push_back(cropped(t, picture, clip));
      if (const auto mask = masks.find(seen_[t].index); mask != masks.end())
        out_.record.frames.back().mask = mask->second;
    };
    if (held_.size() == seen_.size()) {
      for (size_t t = 0; t < seen_.size(); ++t) store(t, held_[t]);
    } else {
      held_.clear();
      size_t t = 0;
      decode([&](const Frame& frame) {
        while (t < seen_.size() && seen_[t].index < frame.index) ++t;
        if (t < seen_.size() && seen_[t].index == frame.index) store(t, frame.picture);
      });
    }
    if (!source_.mask_path.empty())
      out_.masks_missing = static_cast<int64_t>(seen_.size() - std::min(masks.size(), seen_.size()));
  }

  Affine transform(size_t frame, const Box& clip) const {
    const Box& box = config_.crop == "clip" ? clip : face_at(frame).box;
    return crop_transform(square_about(box, static_cast<float>(config_.margin)), config_.size);
  }

  FrameRecord cropped(size_t t, const Picture& picture, const Box& clip) {
    const Face& face = face_at(t);
    FrameRecord frame;
    frame.affine = transform(t, clip);
    std::vector<uint8_t> pixels;
    {
      Stopwatch watch(out_.seconds.crop);
      pixels = crop_pixels(picture, frame.affine, config_.size);
    }
    {
      Stopwatch watch(out_.seconds.encode);
      frame.blob = encode_frame(codec_, pixels.data(), config_.size, config_.size);
    }
    frame.pts_us = seen_[t].pts_us;
    frame.src_index = seen_[t].index;
    frame.label = source_.label;
    frame.landmarks = mapped(frame.affine, face.landmarks);
    frame.bbox = {face.box.left, face.box.top, face.box.right, face.box.bottom};
    frame.score = face.score;
    const Box square = square_about(config_.crop == "clip" ? clip : face.box, static_cast<float>(config_.margin));
    frame.flags = (chosen_[t] < 0 ? kTracked : 0U) | (seen_[t].concealed ? kConcealed : 0U) |
                  (inside(square, picture.width, picture.height) ? 0U : kEdgePadded) |
                  (face.box.width() < kSmallFaceWidth ? kSmallFace : 0U) |
                  (seen_[t].faces.size() > 1 ? kSeveralFaces : 0U);
    return frame;
  }

  /// Encoded masks by frame: frame k of the mask video belongs to frame k of the video.
  std::map<int32_t, std::string> read_masks(const Box& clip) {
    std::map<int32_t, std::string> masks;
    if (source_.mask_path.empty()) return masks;
    Stopwatch watch(out_.seconds.crop);
    std::map<int32_t, size_t> position;
    for (size_t t = 0; t < seen_.size(); ++t) position[seen_[t].index] = t;
    try {
      const auto reader = open_video(source_.mask_path);
      const auto count = static_cast<int32_t>(reader->info().times_us.size());
      std::vector<int32_t> wanted;
      for (const auto& [index, t] : position)
        if (index < count) wanted.push_back(index);
      reader->read(wanted, [&](const Frame& frame) {
        const auto bits = crop_mask(frame.picture, transform(position.at(frame.index), clip), config_.size,
                                    out_.record.width, out_.record.height);
        masks[frame.index] = encode_mask(bits.data(), config_.size, config_.size);
      });
    } catch (const DataError& error) {
      if (out_.why.empty()) out_.why = std::string("its mask cannot be used: ") + error.what();
    }
    return masks;
  }

  const importers::Source& source_;
  const PreprocessConfig& config_;
  FaceFinder& finder_;
  Codec codec_;
  std::unique_ptr<FrameReader> reader_;
  std::vector<int32_t> wanted_;
  std::vector<Seen> seen_;
  std::vector<Picture> held_;
  std::vector<int> chosen_, nearest_;
  Extracted out_;
};

}  // namespace

Extracted extract(const importers::Source& source, const PreprocessConfig& config, FaceFinder& finder) {
  return Extraction(source, config, finder).run();
}

}  // namespace realface::data::preprocess
