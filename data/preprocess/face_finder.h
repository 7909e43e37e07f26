#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/preprocess/picture.h"
#include "data/preprocess/track.h"

namespace realface::data::preprocess {

/// dlib's predictor of 68 landmarks. Debian's model was trained on iBUG 300-W, whose terms exclude commercial use;
/// another model of the same layout may be named. Shared by threads.
class LandmarkModel {
 public:
  /// An empty path: where Debian's libdlib-data puts the model. Throws DataError for a file that is absent or no such
  /// model; a build without video throws Error.
  explicit LandmarkModel(const std::string& path = {});
  ~LandmarkModel();

  const std::string& path() const { return path_; }
  const std::string& sha256() const { return sha256_; }

 private:
  friend class FaceFinder;
  struct Members;
  std::unique_ptr<Members> members_;
  std::string path_, sha256_;
};

/// Frontal faces by dlib's HOG detector, with landmarks. Follows people from frame to frame. One object a thread.
class FaceFinder {
 public:
  explicit FaceFinder(std::shared_ptr<const LandmarkModel> model);
  ~FaceFinder();

  /// Forgets everybody: the next picture begins a video.
  void begin();

  /// The faces of the next picture, largest first, at most four. Searches the neighbourhood of everybody who was there
  /// shortly before (the last box, grown twice); the whole picture at `search_scale` in every eighth picture, where
  /// somebody has just been lost and where nobody was found; then, where nobody was found still, at twice that scale.
  /// It searches alike whatever the video's label is: boxes must not tell real from fake.
  std::vector<Face> find(const Picture& picture);

 private:
  struct Members;
  std::shared_ptr<const LandmarkModel> model_;
  std::unique_ptr<Members> members_;
};

/// Name and version of the detector, for the record.
std::string detector_name();

}  // namespace realface::data::preprocess
