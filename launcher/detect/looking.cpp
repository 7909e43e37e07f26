#include "launcher/detect/looking.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/isfinite.h>

#include <functional>
#include <opencv2/core.hpp>

#include "base/error.h"
#include "data/preprocess/masks/mask_reader.h"
#include "launcher/detect/load.h"
#include "stages/detect/person_scores.h"

namespace realface::launcher {
namespace {

constexpr size_t kMostPeople = 32;  // of whom faces are kept for a sheet: a film has somebody new after every cut

}  // namespace

Looking::Looking(const stages::Detector& detector, const data::preprocess::CropPolicy& policy,
                 std::shared_ptr<const data::preprocess::FaceModels> models, int32_t every)
    : detector_(detector),
      policy_(policy),
      finder_(std::move(models)),
      decoder_("/proc/self/exe"),  // this very program, also where its file has been replaced since
      every_(every) {}

stages::FileVerdict Looking::look_at(const std::string& path, const std::filesystem::path& out) {
  verdict_ = {};
  looks_.clear();
  marks_.clear();
  overlay_fault_.clear();
  verdict_.file = path;
  try {
    decoder_.start();
    look(path, out);
  } catch (const data::preprocess::DecoderCrash& crash) {
    set("crashed", crash.what());
  } catch (const cv::Exception& refusal) {  // a picture that OpenCV cannot work on costs itself alone
    set("unreadable", "OpenCV refuses it: " + refusal.err);
  } catch (const Error& error) { set("unreadable", error.what()); }
  overlay_.reset();
  return std::move(verdict_);
}

/// The first reason counts.
void Looking::set(const char* status, const std::string& why) {
  if (verdict_.status != "ok") { return; }
  verdict_.status = status;
  verdict_.why = why;
}

void Looking::look(const std::string& path, const std::filesystem::path& out) {
  std::error_code broken;  // what cannot be looked up cannot be opened either
  if (std::filesystem::is_directory(path, broken)) { throw Error(subject_of(path) + " holds no video and no picture"); }
  const auto reader = decoder_.open(data::preprocess::source_at(path));
  if (!reader->info().times_us.empty()) { began_us_ = reader->info().times_us.front(); }
  std::vector<int32_t> wanted;
  const auto frames = static_cast<int32_t>(reader->info().times_us.size());
  const auto stored = data::preprocess::chosen_frames(frames, kFramesTogether);
  const int32_t usual = stored.size() > 1 ? stored[1] - stored[0] : 1, step = every_ > 0 ? every_ : usual;
  for (int32_t frame = 0; frame < frames; frame += step) { wanted.push_back(frame); }
  std::function<void(data::preprocess::Frame)> drawn;
  if (!out.empty()) {
    overlay_ = std::make_unique<Overlay>(out, reader->info(), step);
    drawn = [this](auto frame) { draw(std::move(frame)); };
  }
  data::preprocess::People people(
      policy_, kFramesTogether, [this](const auto& found) { score(found); }, drawn);
  finder_.begin();
  try {
    reader->read(wanted, [&](data::preprocess::Frame frame) {
      ++verdict_.frames;
      auto faces = finder_.find(frame.picture);
      people.look(std::move(frame), std::move(faces));
    });
  } catch (const Error& error) { set(verdict_.frames > 0 ? "truncated" : "unreadable", error.what()); }
  people.finish();
  finish_overlay();
  if (verdict_.frames == 0) { set("unreadable", "none of its frames can be decoded"); }
  if (reader->info().truncated) { set("truncated", "the file ends before its video does"); }
  if (verdict_.people.empty()) { set("no_face", "no face was found in it"); }
}

void Looking::score(const data::preprocess::Appearance& found) {
  const int64_t size = policy_.size;
  const auto faces = at::from_blob(const_cast<uint8_t*>(found.crops.data()),
                                   {static_cast<int64_t>(found.frames.size()), size, size, 3}, torch::kUInt8);
  const auto landmarks = at::from_blob(const_cast<float*>(found.landmarks.data()), {faces.size(0), 68, 2});
  const auto scores = stages::score_frames(detector_.branches, faces.to(detector_.device), landmarks);
  if (!at::isfinite(scores.p_fake).all().item<bool>()) {
    throw Error("[" + verdict_.file + "] has a score that is no number; look at the weights of the detector");
  }
  auto& person = verdict_.people[found.person];
  for (size_t t = 0; t < found.frames.size(); ++t) {
    const auto& box = found.boxes[t];
    const double seconds = static_cast<double>(found.times_us[t] - began_us_) / 1e6;
    const auto i = static_cast<int64_t>(t);
    person.add({found.frames[t], seconds, {box.left, box.top, box.right, box.bottom}}, scores.p_fake[i]);
    if (overlay_ == nullptr) { continue; }
    const auto heat = scores.heat.defined() ? scores.heat[i] : scores.heat;
    const auto p = detector_.calibration.p_fake(scores.p_fake[i].mean().item<double>());
    marks_[found.frames[t]].push_back({found.person, p, box, found.to_crop[t], heat});
    if (looks_.size() >= kMostPeople && !looks_.contains(found.person)) { continue; }
    looks_[found.person].add({seconds, p, faces[i], heat});
  }
}

/// What cannot be drawn, on a full disk, say, does not keep the file from being looked at.
void Looking::draw(data::preprocess::Frame frame) {
  const auto marks = marks_.extract(frame.index);
  if (!overlay_fault_.empty()) { return; }
  frame.pts_us -= began_us_;
  try {
    overlay_->add(std::move(frame), marks.empty() ? std::vector<Mark>() : marks.mapped());
  } catch (const Error& error) { overlay_fault_ = error.what(); }
}

void Looking::finish_overlay() {
  if (overlay_ == nullptr || !overlay_fault_.empty()) { return; }
  try {
    overlay_->finish();
  } catch (const Error& error) { overlay_fault_ = error.what(); }
}

}  // namespace realface::launcher
