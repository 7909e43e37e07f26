#pragma once

#include <dlib/geometry/rectangle.h>

#include <memory>
#include <opencv2/core/mat.hpp>
#include <string>
#include <vector>

namespace realface::data::preprocess {

/// dlib's max-margin CNN (D. King, "Max-Margin Object Detection", 2015): finds faces turned away from the camera, which
/// the HOG detector does not, at many times its cost. The weights are a file in the format of dlib's
/// `mmod_human_face_detector.dat`; none come with realface. A copy is for another thread: an object holds what its
/// network computed last.
class CnnDetector {
 public:
  /// Throws DataError for a file that is absent or holds no such network.
  explicit CnnDetector(const std::string& path);
  CnnDetector(const CnnDetector& other);
  CnnDetector& operator=(const CnnDetector&) = delete;
  ~CnnDetector();

  struct Found {
    dlib::rectangle box;  // pixels of the picture that was searched; may reach over its edges
    float score = 0;
  };
  /// Faces of an RGB picture (CV_8UC3), the surest first.
  std::vector<Found> find(const cv::Mat& rgb);

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::data::preprocess
