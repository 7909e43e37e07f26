#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "data/preprocess/faces/face_finder.h"
#include "data/preprocess/people.h"
#include "data/preprocess/video/decoder.h"
#include "launcher/detector.h"
#include "stages/detect/sheet.h"
#include "stages/detect/verdict.h"

namespace realface::launcher {

/// Looks at videos and pictures with a detector, one after another. They are decoded in a child process, so that one
/// that is made to kill a decoder costs itself alone.
class Looking {
 public:
  /// every: the n-th frames are looked at; 0: as near to each other as `preprocess` stores them (G13), up to every
  /// fourth, which is what networks of clips were trained on. keeps_looks: for a contact sheet. Holds `detector`.
  Looking(const Detector& detector, std::shared_ptr<const data::preprocess::FaceModels> models, int32_t every,
          bool keeps_looks);

  /// Never throws for what is wrong with the file: the status says it.
  stages::FileVerdict look_at(const std::string& path);
  /// Of the file that was looked at last.
  const std::map<int64_t, stages::Looks>& looks() const { return looks_; }

 private:
  void set(const char* status, const std::string& why);
  void look(const std::string& path);
  void score(const data::preprocess::Appearance& found);

  const Detector& detector_;
  data::preprocess::FaceFinder finder_;
  data::preprocess::Decoder decoder_;
  int32_t every_;
  bool keeps_looks_;
  stages::FileVerdict verdict_;
  std::map<int64_t, stages::Looks> looks_;
};

}  // namespace realface::launcher
