#include "data/preprocess/faces/cnn_detector.h"

#include <dlib/dnn.h>
#include <dlib/opencv.h>

#include <cmath>

#include "base/error.h"

namespace realface::data::preprocess {
namespace {

// The network of `mmod_human_face_detector.dat`: three halvings, then three layers of 45 filters, over a pyramid of the
// picture whose steps are 5/6. dlib checks a file against this type while it reads.
template <long filters, typename Below>
using Halved = dlib::relu<dlib::affine<dlib::con<filters, 5, 5, 2, 2, Below>>>;
template <typename Below>
using Kept = dlib::relu<dlib::affine<dlib::con<45, 5, 5, 1, 1, Below>>>;
using Pyramid = dlib::input_rgb_image_pyramid<dlib::pyramid_down<6>>;
using Network =
    dlib::loss_mmod<dlib::con<1, 9, 9, 1, 1, Kept<Kept<Kept<Halved<32, Halved<32, Halved<16, Pyramid>>>>>>>>;

/// Scores are stored, and BLAS may add in another order on another number of threads: shards must not show it.
float rounded(double score) { return static_cast<float>(std::round(256 * score) / 256); }

}  // namespace

struct CnnDetector::Members {
  Network network;
};

CnnDetector::CnnDetector(const std::string& path) : members_(std::make_unique<Members>()) {
  try {
    dlib::deserialize(path) >> members_->network;
    find(cv::Mat::zeros(90, 120, CV_8UC3));  // not every network of this type takes pictures of any size
  } catch (const std::exception& error) {
    throw DataError("[" + path + "] is not a face detector that can be read (" + error.what() +
                    "); --detector-model takes a file like dlib's mmod_human_face_detector.dat");
  }
}

CnnDetector::CnnDetector(const CnnDetector& other) : members_(std::make_unique<Members>(*other.members_)) {}

CnnDetector::~CnnDetector() = default;

std::vector<CnnDetector::Found> CnnDetector::find(const cv::Mat& rgb) {
  dlib::matrix<dlib::rgb_pixel> pixels;
  dlib::assign_image(pixels, dlib::cv_image<dlib::rgb_pixel>(rgb));
  std::vector<Found> found;
  for (const dlib::mmod_rect& face : members_->network(pixels)) {
    found.push_back({face.rect, rounded(face.detection_confidence)});
  }
  return found;
}

}  // namespace realface::data::preprocess
