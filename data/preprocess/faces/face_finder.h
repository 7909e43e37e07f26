#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/preprocess/faces/track.h"
#include "data/preprocess/video/picture.h"

namespace realface::data::preprocess {

/// What is read from files: dlib's predictor of 68 landmarks, and the CNN of the finder's last rung where one is
/// configured. Debian's landmark model was trained on iBUG 300-W, whose terms exclude commercial use; another model of
/// the same layout may be named. Shared by threads.
class FaceModels {
 public:
  /// An empty `landmarks`: where Debian's libdlib-data puts the model; an empty `detector`: no CNN. Throws DataError
  /// for a file that is absent or no such model; a build without video throws Error.
  explicit FaceModels(const std::string& landmarks = {}, const std::string& detector = {});
  ~FaceModels();

  const std::string& landmark_model_sha256() const { return landmarks_sha256_; }
  /// Names and versions of the detectors, with the digest of the CNN, for the record.
  const std::string& detector() const { return detector_; }

 private:
  friend class FaceFinder;
  struct Members;
  std::unique_ptr<Members> members_;
  std::string landmarks_sha256_, detector_;
};

/// Faces by dlib's HOG detector and, where the models hold one, by its CNN, with landmarks. Follows people from frame
/// to frame. One object a thread.
class FaceFinder {
 public:
  explicit FaceFinder(std::shared_ptr<const FaceModels> models);
  ~FaceFinder();

  /// Forgets everybody: the next picture begins a video.
  void begin();

  /// The faces of the next picture, largest first, at most four. Searches the neighbourhood of everybody who was there
  /// shortly before (the last box, grown twice), with the CNN too where HOG sees nobody; the whole picture at
  /// `search_scale` in every eighth picture, where somebody has just been lost and where nobody was found; then, where
  /// nobody was found still, at twice that scale, and at last with the CNN.
  /// It searches alike whatever the video's label is: boxes must not tell real from fake.
  std::vector<Face> find(const Picture& picture);

 private:
  struct Members;
  std::shared_ptr<const FaceModels> models_;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::data::preprocess
