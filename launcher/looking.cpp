#include "launcher/looking.h"

#include <ATen/ops/from_blob.h>

#include <opencv2/core.hpp>

#include "base/error.h"
#include "data/preprocess/masks/mask_reader.h"

namespace realface::launcher {
namespace {

/// Frames that are looked at together, as many as preprocess stores of a video (G13): their mean features and their
/// common box are what the networks were trained on.
constexpr int kWindow = 30;
constexpr size_t kMostPeople = 32;  // of whom faces are kept for a sheet: a film has somebody new after every cut

}  // namespace

Looking::Looking(const Detector& detector, std::shared_ptr<const data::preprocess::FaceModels> models, int32_t every,
                 bool keeps_looks)
    : detector_(detector),
      finder_(std::move(models)),
      decoder_("/proc/self/exe"),  // this very program, also where its file has been replaced since
      every_(every),
      keeps_looks_(keeps_looks) {}

stages::FileVerdict Looking::look_at(const std::string& path) {
  verdict_ = {};
  looks_.clear();
  verdict_.file = path;
  try {
    decoder_.start();
    look(path);
  } catch (const data::preprocess::DecoderCrash& crash) {
    set("crashed", crash.what());
  } catch (const cv::Exception& refusal) {  // a picture that OpenCV cannot work on costs itself alone
    set("unreadable", "OpenCV refuses it: " + refusal.err);
  } catch (const Error& error) { set("unreadable", error.what()); }
  return std::move(verdict_);
}

/// The first reason counts.
void Looking::set(const char* status, const std::string& why) {
  if (verdict_.status != "ok") { return; }
  verdict_.status = status;
  verdict_.why = why;
}

void Looking::look(const std::string& path) {
  const auto reader = decoder_.open(data::preprocess::source_at(path));
  std::vector<int32_t> wanted;
  const auto frames = static_cast<int32_t>(reader->info().times_us.size());
  const auto stored = data::preprocess::chosen_frames(frames, kWindow);
  const int32_t usual = stored.size() > 1 ? stored[1] - stored[0] : 1, step = every_ > 0 ? every_ : usual;
  for (int32_t frame = 0; frame < frames; frame += step) { wanted.push_back(frame); }
  data::preprocess::People people(detector_.policy, kWindow, [this](const auto& appearance) { score(appearance); });
  finder_.begin();
  try {
    reader->read(wanted, [&](data::preprocess::Frame frame) {
      ++verdict_.frames;
      auto faces = finder_.find(frame.picture);
      people.look(std::move(frame), std::move(faces));
    });
  } catch (const Error& error) { set(verdict_.frames > 0 ? "truncated" : "unreadable", error.what()); }
  people.finish();
  if (verdict_.frames == 0) { set("unreadable", "none of its frames can be decoded"); }
  if (reader->info().truncated) { set("truncated", "the file ends before its video does"); }
  if (verdict_.people.empty()) { set("no_face", "no face was found in it"); }
}

void Looking::score(const data::preprocess::Appearance& found) {
  const int64_t size = detector_.policy.size;
  const auto faces = at::from_blob(const_cast<uint8_t*>(found.crops.data()),
                                   {static_cast<int64_t>(found.frames.size()), size, size, 3}, torch::kUInt8);
  const auto scores = stages::score_frames(detector_.branches, faces.to(detector_.device));
  auto& person = verdict_.people[found.person];
  for (size_t t = 0; t < found.frames.size(); ++t) {
    const auto& box = found.boxes[t];
    const stages::FrameVerdict frame{
        found.frames[t], static_cast<double>(found.times_us[t]) / 1e6, {box.left, box.top, box.right, box.bottom}, 0};
    const auto i = static_cast<int64_t>(t);
    person.add(frame, scores.p_fake[i]);
    if (!keeps_looks_) { continue; }
    if (looks_.size() >= kMostPeople && !looks_.contains(found.person)) { continue; }
    looks_[found.person].add({frame.seconds, person.timeline.back().p_fake, faces[i],
                              scores.masks.defined() ? scores.masks[i] : scores.masks});
  }
}

}  // namespace realface::launcher
