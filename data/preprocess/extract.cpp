#include "data/preprocess/extract.h"

#include <algorithm>
#include <map>
#include <opencv2/core.hpp>

#include "base/error.h"
#include "base/log.h"
#include "data/preprocess/faces/frame_cropper.h"
#include "data/preprocess/masks/mask_reader.h"
#include "data/preprocess/video/source_facts.h"

namespace realface::data::preprocess {
namespace {

constexpr size_t kHeldBytes = size_t{256} << 20U;  // decoded frames that are kept; beyond, the video is decoded twice

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
      : source_(source), config_(config), finder_(finder), decoder_(decoder) {
    out_.record = record_of(source);
  }

  Extracted run() {
    if (!open()) { return std::move(out_); }
    search();
    find_masks();
    choose();
    if (!enough()) { return std::move(out_); }
    nearest_ = nearest_found(chosen_);
    crop_all();
    return std::move(out_);
  }

  /// The record of a video whose decoder cannot be survived.
  Extracted without_frames(const std::string& why) {
    try {
      if (source_.kind != importers::SourceKind::archive) { out_.record.source_sha256 = source_digest(source_); }
    } catch (const Error&) {  // gone since: the reason below is what counts
    }
    set_status(VideoStatus::crashed, why);
    return std::move(out_);
  }

 private:
  void set_status(VideoStatus status, const std::string& why) {
    out_.record.status = status;
    note(why);
  }

  void note(const std::string& what) { out_.why += (out_.why.empty() ? "" : "; ") + what; }

  bool open() {
    Stopwatch watch(out_.seconds.decode);
    try {
      const bool archived = source_.kind == importers::SourceKind::archive;
      if (!archived) { out_.record.source_sha256 = source_digest(source_); }
      reader_ = decoder_.open(source_);
      if (archived) { out_.record.source_sha256 = reader_->info().sha256.value(); }
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
    if (const std::string wrong = wrong_compression(source_, info.x264_crf); !wrong.empty()) { note(wrong); }
    wanted_ = chosen_frames(out_.record.n_src, config_.frames);
    if (wanted_.empty()) { set_status(VideoStatus::no_frames, "it holds no frame that can be decoded"); }
    return !wanted_.empty();
  }

  /// The first pass: faces of every wanted frame, and the pixels while they fit.
  void search() {
    size_t held = 0;
    finder_.begin();
    decode(wanted_, [&](Frame frame) {
      Stopwatch watch(out_.seconds.detect);
      seen_.push_back({frame.index, frame.pts_us, frame.concealed, finder_.find(frame.picture)});
      held += frame.picture.bytes();
      if (held <= kHeldBytes) { held_[frame.index] = std::make_shared<const Picture>(std::move(frame.picture)); }
    });
    if (seen_.empty()) {
      set_status(VideoStatus::no_frames, "none of its frames can be decoded");
    } else if (seen_.size() < wanted_.size()) {
      note(std::to_string(wanted_.size() - seen_.size()) + " of the " + frames_text(wanted_.size()) +
           " that were chosen cannot be decoded, or have another size");
    }
    if (held > kHeldBytes) { held_.clear(); }
  }

  /// Before a face is chosen, and of whole frames.
  void find_masks() {
    const bool shipped = !source_.mask_path.empty();
    if (!config_.import.masks || seen_.empty() || (!shipped && (source_.original_path.empty() || source_.label != 1))) {
      return;
    }
    Stopwatch watch(out_.seconds.decode);
    try {
      const int64_t there = read_masks(shipped);
      if (masks_.size() < seen_.size() && there < out_.record.n_src) {
        note((shipped ? "there are " + std::to_string(there) + " masks for its "
                      : "its original has " + std::to_string(there) + " frames for its ") +
             std::to_string(out_.record.n_src) + (shipped ? " frames" : ""));
      }
    } catch (const UnalignedPair& error) {
      masks_ = {};
      out_.record.mask_source = MaskSource::unaligned;
      note(std::string("no mask can be made of it: ") + error.what());
    } catch (const DataError& error) { note(std::string("its mask cannot be used: ") + error.what()); }
    out_.masks_missing = static_cast<int64_t>(seen_.size() - masks_.size());
    if (masks_.empty()) { return; }
    const auto made = config_.mask_rule.name == "ssim" ? MaskSource::ssim : MaskSource::difference;
    out_.record.mask_source = shipped ? MaskSource::dataset : made;
  }

  int64_t read_masks(bool shipped) {
    std::vector<int32_t> indices;
    for (const Seen& frame : seen_) { indices.push_back(frame.index); }
    if (shipped) { return read_shipped_masks(decoder_, source_, reader_->info(), indices, masks_); }
    const auto get = [this](const auto& lot) { return pictures(lot); };
    return read_pair_masks(decoder_, source_.original_path, {indices, frames_at_once(), get, boxes()},
                           config_.mask_rule, masks_);
  }

  /// Of everybody in each frame; if nobody was found in it, of the nearest frame with somebody.
  std::map<int32_t, std::vector<Box>> boxes() const {
    std::vector<int> found;
    for (const Seen& frame : seen_) { found.push_back(frame.faces.empty() ? -1 : 0); }
    const auto nearest = nearest_found(found);
    std::map<int32_t, std::vector<Box>> boxes;
    for (size_t t = 0; t < seen_.size(); ++t) {
      auto& own = boxes[seen_[t].index];
      if (nearest.empty()) { continue; }
      for (const Face& face : seen_[static_cast<size_t>(nearest[t])].faces) { own.push_back(face.box); }
    }
    return boxes;
  }

  size_t frames_at_once() const {
    const size_t bytes = picture_bytes(out_.record.width, out_.record.height);
    return std::max<size_t>(1, kHeldBytes / bytes);
  }

  Pictures pictures(const std::vector<int32_t>& lot) {
    if (!held_.empty()) { return held_; }
    Pictures read;
    reader_->read(
        lot, [&read](Frame frame) { read[frame.index] = std::make_shared<const Picture>(std::move(frame.picture)); });
    return read;
  }

  void choose() {
    std::vector<std::vector<Face>> faces;
    for (const Seen& frame : seen_) { faces.push_back(frame.faces); }
    chosen_ = choose_track(faces, tampered());
    out_.considered = static_cast<int64_t>(seen_.size());
    out_.detected = std::ranges::count_if(chosen_, [](int face) { return face >= 0; });
  }

  /// How much of each frame's mask each face has; empty where there are no masks.
  std::vector<std::vector<double>> tampered() const {
    std::vector<std::vector<double>> shares;
    if (masks_.empty()) { return shares; }
    for (const Seen& frame : seen_) {
      shares.emplace_back(frame.faces.size(), 0.0);
      if (frame.faces.empty()) {
        continue;  // its mask need not be unpacked
      }
      const auto mask = masks_.find(frame.index);
      for (size_t i = 0; mask && i < frame.faces.size(); ++i) {
        shares.back()[i] = share_inside(*mask, frame.faces[i].box, out_.record.width, out_.record.height);
      }
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
      if (out_.record.status == VideoStatus::ok) { set_status(VideoStatus::truncated, error.what()); }
    }
    out_.seconds.decode += whole - inside;
  }

  bool enough() {
    if (seen_.empty()) { return false; }
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
    std::vector<Face> clip;
    for (size_t t = 0; t < seen_.size(); ++t) { clip.push_back(face_at(t)); }
    const FrameCropper cropper(config_, clip, out_.seconds);
    const auto crop = [&](size_t t, const Picture& picture) {
      const Seen& seen = seen_[t];
      const FoundFrame found{seen.index, seen.pts_us, seen.concealed, chosen_[t]<0, seen.faces.size()> 1, face_at(t)};
      out_.record.frames.push_back(cropper.crop(found, picture, masks_.find(seen.index)));
      out_.record.frames.back().label = label_of(source_, seen.index);
    };
    if (!held_.empty()) {
      for (size_t t = 0; t < seen_.size(); ++t) { crop(t, *held_.at(seen_[t].index)); }
      return;
    }
    size_t t = 0;
    decode(wanted_, [&](const Frame& frame) {
      while (t < seen_.size() && seen_[t].index < frame.index) { ++t; }
      if (t < seen_.size() && seen_[t].index == frame.index) { crop(t, frame.picture); }
    });
  }

  const importers::Source& source_;
  const PreprocessConfig& config_;
  FaceFinder& finder_;
  Decoder& decoder_;
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
      if (maskless.empty()) { return video; }
      video.masks_missing = video.considered;
      video.why += (video.why.empty() ? "" : "; ") + maskless;
      return video;
    } catch (const DecoderCrash& crash) {
      log::warn("[" + crash.path() + "] " + crash.what());
      if (++crashes[crash.path()] < 2) {
        continue;  // it may have died of an earlier file, or of a lack of memory
      }
      const std::string twice = std::string(crash.what()) + ", twice";
      if (crash.path() == source.path) { return Extraction(source, config, finder, decoder).without_frames(twice); }
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
