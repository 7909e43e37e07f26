#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/preprocess/faces/face_finder.h"
#include "data/preprocess/people.h"
#include "data/preprocess/video/decoder.h"
#include "launcher/detect/overlay.h"
#include "stages/detect/detector.h"
#include "stages/detect/sheet.h"
#include "stages/detect/verdict.h"

namespace realface::launcher {

/// Looks at videos and pictures with a detector, one after another. They are decoded in a child process, so that one
/// that is made to kill a decoder costs itself alone. Memory grows with the number of people in a video, not with its
/// length.
class Looking {
 public:
  /// every: the n-th frames are looked at; 0: as near to each other as `preprocess` stores them (G13), up to every
  /// fourth, which is what networks of clips were trained on. Holds `detector`.
  Looking(const stages::Detector& detector, const data::preprocess::CropPolicy& policy,
          std::shared_ptr<const data::preprocess::FaceModels> models, int32_t every);

  /// Never throws for what is wrong with the file, or with its scores: the status says it. out: beginning of the names
  /// of what is made for people, an overlay and, later, a sheet; empty: nothing is.
  stages::FileVerdict look_at(const std::string& path, const std::filesystem::path& out = {});
  /// Of the file that was looked at last.
  const std::map<int64_t, stages::Looks>& looks() const { return looks_; }
  /// Why its overlay was given up; empty: it was not.
  const std::string& overlay_fault() const { return overlay_fault_; }

 private:
  void set(const char* status, const std::string& why);
  void look(const std::string& path, const std::filesystem::path& out);
  void score(const data::preprocess::Appearance& found);
  void draw(data::preprocess::Frame frame);
  void finish_overlay();

  const stages::Detector& detector_;
  data::preprocess::CropPolicy policy_;
  data::preprocess::FaceFinder finder_;
  data::preprocess::Decoder decoder_;
  int32_t every_;
  int64_t began_us_ = 0;  // time of the first frame on the stream's clock, which need not begin at zero
  stages::FileVerdict verdict_;
  std::map<int64_t, stages::Looks> looks_;
  std::unique_ptr<Overlay> overlay_;            // null: none is drawn
  std::map<int32_t, std::vector<Mark>> marks_;  // of the window's frames
  std::string overlay_fault_;
};

}  // namespace realface::launcher
