#include "data/preprocess/extract.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <opencv2/core.hpp>

#include "base/error.h"
#include "base/log.h"
#include "data/codec.h"
#include "data/importers/files.h"
#include "data/preprocess/crop.h"
#include "data/preprocess/mask_reader.h"

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

int8_t label_of(const importers::Source& source, int32_t index) {
  for (const importers::LabelledRun& run : source.runs)
    if (index >= run.first && index - run.first < run.count) return run.label;
  return source.label;
}

/// The source's runs as far as it has frames.
std::vector<Segment> segments_of(const importers::Source& source, int32_t frames) {
  std::vector<Segment> segments;
  for (const importers::LabelledRun& run : source.runs) {
    const auto end = std::min<int64_t>(int64_t{run.first} + run.count, frames);
    if (run.first >= 0 && run.first < end) segments.push_back({run.first, static_cast<int32_t>(end - 1), run.label});
  }
  return segments;
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
  Extraction(const importers::Source& source, const PreprocessConfig& config, FaceFinder& finder, Decoder& decoder)
      : source_(source), config_(config), finder_(finder), decoder_(decoder), codec_(frame_codec(config)) {
    describe();
  }

  Extracted run() {
    if (!open()) return std::move(out_);
    search();
    find_masks();
    choose();
    if (!enough()) return std::move(out_);
    nearest_ = nearest_found(chosen_);
    crop_all();
    return std::move(out_);
  }

  /// The record of a video whose decoder cannot be survived.
  Extracted without_frames(const std::string& why) {
    try {
      if (source_.kind != importers::SourceKind::archive) out_.record.source_sha256 = source_digest(source_);
    } catch (const Error&) {  // gone since: the reason below is what counts
    }
    set_status(VideoStatus::crashed, why);
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
    record.source_bytes = source_.bytes;
  }

  void set_status(VideoStatus status, const std::string& why) {
    out_.record.status = status;
    note(why);
  }

  void note(const std::string& what) { out_.why += (out_.why.empty() ? "" : "; ") + what; }

  bool open() {
    Stopwatch watch(out_.seconds.decode);
    try {
      const bool archived = source_.kind == importers::SourceKind::archive;
      if (!archived) out_.record.source_sha256 = source_digest(source_);
      reader_ = decoder_.open(source_);
      if (archived) out_.record.source_sha256 = reader_->info().sha256.value();
    } catch (const Error& error) {  // no video, no such file, no permission
      set_status(VideoStatus::unreadable, error.what());
      return false;
    }
    const StreamInfo& info = reader_->info();
    out_.bad_packets = info.bad_packets;
    out_.record.fps = static_cast<float>(info.fps);
    out_.record.n_src = static_cast<int32_t>(info.times_us.size());
    out_.record.width = info.width;
    out_.record.height = info.height;
    out_.record.segments = segments_of(source_, out_.record.n_src);
    if (info.truncated) {
      std::string text = "the file ends before its video does; the ";
      text += std::to_string(info.times_us.size());
      set_status(VideoStatus::truncated, text.append(" frames before the end are used"));
    }
    check_compression(info.x264_crf);
    wanted_ = chosen_frames(out_.record.n_src, config_.frames);
    if (wanted_.empty()) set_status(VideoStatus::no_frames, "it holds no frame that can be decoded");
    return !wanted_.empty();
  }

  /// Trap 8 of reference/datasets-and-metrics.md: a tree may lie about its compression.
  void check_compression(double crf) {
    const std::string& level = source_.compression;
    if (crf < 0 || level.size() < 2 || level[0] != 'c' || level.find_first_not_of("0123456789", 1) != std::string::npos)
      return;
    if (std::abs(std::stod(level.substr(1)) - crf) < 0.5) return;
    std::string text = "it lies among the videos of compression " + level + ", but x264 noted crf ";
    note(text.append(std::to_string(std::lround(crf))).append(" in it"));
  }

  /// The first pass: faces of every wanted frame, and the pixels while they fit.
  void search() {
    size_t held = 0;
    finder_.begin();
    decode(wanted_, [&](Frame frame) {
      Stopwatch watch(out_.seconds.detect);
      seen_.push_back({frame.index, frame.pts_us, frame.concealed, finder_.find(frame.picture)});
      held += frame.picture.bytes();
      if (held <= kHeldBytes) held_[frame.index] = std::make_shared<const Picture>(std::move(frame.picture));
    });
    if (seen_.empty())
      set_status(VideoStatus::no_frames, "none of its frames can be decoded");
    else if (seen_.size() < wanted_.size())
      note(std::to_string(wanted_.size() - seen_.size()) + " of the " + frames_text(wanted_.size()) +
           " that were chosen cannot be decoded, or have another size");
    if (held > kHeldBytes) held_.clear();
  }

  /// Before a face is chosen, and of whole frames.
  void find_masks() {
    const bool shipped = !source_.mask_path.empty();
    if (!config_.import.masks || seen_.empty() || (!shipped && (source_.original_path.empty() || source_.label != 1)))
      return;
    Stopwatch watch(out_.seconds.decode);
    std::vector<int32_t> indices;
    for (const Seen& frame : seen_) indices.push_back(frame.index);
    try {
      if (shipped)
        read_shipped_masks(decoder_, source_, indices, masks_);
      else
        read_difference_masks(
            decoder_, source_.original_path, indices, frames_at_once(),
            [this](const auto& lot) { return pictures(lot); }, masks_);
    } catch (const DataError& error) {
      note(std::string("its mask cannot be used: ") + error.what());
    }
    out_.masks_missing = static_cast<int64_t>(seen_.size() - masks_.size());
    if (!masks_.empty()) out_.record.mask_source = shipped ? MaskSource::dataset : MaskSource::difference;
  }

  size_t frames_at_once() const {
    const size_t bytes = picture_bytes(out_.record.width, out_.record.height);
    return std::max<size_t>(1, kHeldBytes / bytes);
  }

  Pictures pictures(const std::vector<int32_t>& lot) {
    if (!held_.empty()) return held_;
    Pictures read;
    reader_->read(
        lot, [&read](Frame frame) { read[frame.index] = std::make_shared<const Picture>(std::move(frame.picture)); });
    return read;
  }

  void choose() {
    std::vector<std::vector<Face>> faces;
    for (const Seen& frame : seen_) faces.push_back(frame.faces);
    chosen_ = choose_track(faces, tampered());
    out_.considered = static_cast<int64_t>(seen_.size());
    out_.detected = std::ranges::count_if(chosen_, [](int face) { return face >= 0; });
  }

  /// How much of each frame's mask each face has; empty where there are no masks.
  std::vector<std::vector<double>> tampered() const {
    std::vector<std::vector<double>> shares;
    if (masks_.empty()) return shares;
    for (const Seen& frame : seen_) {
      shares.emplace_back(frame.faces.size(), 0.0);
      if (!masks_.has(frame.index) || frame.faces.empty()) continue;
      const FrameMask mask = masks_.at(frame.index);
      for (size_t i = 0; i < frame.faces.size(); ++i)
        shares.back()[i] = share_inside(mask, frame.faces[i].box, out_.record.width, out_.record.height);
    }
    return shares;
  }

  // Time in the reader is decoding, less what the callback took for itself.
  void decode(const std::vector<int32_t>& frames, const std::function<void(Frame)>& take) {
    double inside = 0, whole = 0;
    try {
      Stopwatch watch(whole);
      reader_->read(frames, [&](Frame frame) {
        Stopwatch own(inside);
        take(std::move(frame));
      });
    } catch (const DataError& error) {  // the frames before the fault are used
      if (out_.record.status == VideoStatus::ok) set_status(VideoStatus::truncated, error.what());
    }
    out_.seconds.decode += whole - inside;
  }

  bool enough() {
    if (seen_.empty()) return false;
    if (out_.detected == 0) {
      set_status(VideoStatus::no_face, "no face was found in its " + frames_text(seen_.size()));
      return false;
    }
    if (2 * out_.detected < static_cast<int64_t>(seen_.size())) {
      set_status(VideoStatus::too_few_faces, "one person's face was found in " + std::to_string(out_.detected) +
                                                 " of " + frames_text(seen_.size()) + "; half of them are needed");
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
    if (!held_.empty()) {
      for (size_t t = 0; t < seen_.size(); ++t)
        out_.record.frames.push_back(cropped(t, *held_.at(seen_[t].index), clip));
      return;
    }
    size_t t = 0;
    decode(wanted_, [&](const Frame& frame) {
      while (t < seen_.size() && seen_[t].index < frame.index) ++t;
      if (t < seen_.size() && seen_[t].index == frame.index)
        out_.record.frames.push_back(cropped(t, frame.picture, clip));
    });
  }

  Affine transform(size_t frame, const Box& clip) const {
    const Box& box = config_.crop == "clip" ? clip : face_at(frame).box;
    return crop_transform(square_about(box, static_cast<float>(config_.margin)), config_.size);
  }

  std::string cropped_mask(const FrameMask& mask, const Affine& to_crop) const {
    const auto bits = crop_mask(mask, to_crop, config_.size, out_.record.width, out_.record.height);
    return encode_mask(bits.data(), config_.size, config_.size);
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
      if (masks_.has(seen_[t].index)) frame.mask = cropped_mask(masks_.at(seen_[t].index), frame.affine);
    }
    frame.pts_us = seen_[t].pts_us;
    frame.src_index = seen_[t].index;
    frame.label = label_of(source_, seen_[t].index);
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

  const importers::Source& source_;
  const PreprocessConfig& config_;
  FaceFinder& finder_;
  Decoder& decoder_;
  CodecConfig codec_;
  std::unique_ptr<FrameReader> reader_;
  std::vector<int32_t> wanted_;
  std::vector<Seen> seen_;
  Pictures held_;  // all of them, or none
  FrameMasks masks_;
  std::vector<int> chosen_, nearest_;
  Extracted out_;
};

}  // namespace

Extracted extract(const importers::Source& source, const PreprocessConfig& config, FaceFinder& finder,
                  Decoder& decoder) {
  importers::Source tried = source;
  std::map<std::string, int> crashes;
  std::string maskless;
  for (;;) {
    decoder.start();
    try {
      Extracted video = Extraction(tried, config, finder, decoder).run();
      if (maskless.empty()) return video;
      video.masks_missing = video.considered;
      video.why += (video.why.empty() ? "" : "; ") + maskless;
      return video;
    } catch (const DecoderCrash& crash) {
      log::warn("[" + crash.path() + "] " + crash.what());
      if (++crashes[crash.path()] < 2) continue;  // it may have died of an earlier file, or of a lack of memory
      const std::string twice = std::string(crash.what()) + ", twice";
      if (crash.path() == source.path) return Extraction(source, config, finder, decoder).without_frames(twice);
      tried.mask_path.clear();
      tried.original_path.clear();
      maskless = "its mask cannot be used: [" + crash.path() + "] " + twice;
    } catch (const cv::Exception& refusal) {  // a picture that OpenCV cannot work on costs itself, not the run
      log::warn("[" + source.path + "] " + refusal.what());
      return Extraction(source, config, finder, decoder).without_frames("OpenCV refuses it: " + refusal.err);
    }
  }
}

}  // namespace realface::data::preprocess
