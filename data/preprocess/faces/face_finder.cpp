#include "data/preprocess/faces/face_finder.h"

#include <dlib/image_processing/frontal_face_detector.h>
#include <dlib/image_processing/shape_predictor.h>
#include <dlib/opencv.h>
#include <dlib/revision.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/sha256.h"
#include "data/preprocess/faces/cnn_detector.h"
#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

constexpr const char* kDebianModel = "/usr/share/dlib/shape_predictor_68_face_landmarks.dat";
constexpr size_t kMostFaces = 4, kMostPeople = 8;  // of a picture; whose neighbourhood is searched
constexpr float kFaceInSearch = 120;  // pixels: the width that a known face is given; the detector's own least is 80
constexpr double kCnnPixels = 1e6;    // at most, of a search: its network takes about a kilobyte for each
constexpr int kCnnSide = 32;          // at least; it ends a program that hands it thinner pictures
constexpr int kLandmarkPicture = 448;
constexpr int kLookAround =
    8;  // pictures from one search of everything to the next, and until a lost face is forgotten
constexpr float kSameFace = 0.2F;  // overlap of two boxes of one face

struct Person {
  Box box;         // the last one
  int missed = 0;  // pictures since
};

/// A picture as the two detectors want it.
struct Views {
  cv::Mat rgb, grey;
};

/// Resizes `part` of a picture, and knows the way back to the picture's coordinates.
struct SearchPicture {
  cv::Mat pixels;
  double scale;
  cv::Point origin;

  SearchPicture(const cv::Mat& whole, const cv::Rect& part, double factor) : scale(factor), origin(part.tl()) {
    const cv::Size size(std::max(1, static_cast<int>(std::lround(part.width * factor))),
                        std::max(1, static_cast<int>(std::lround(part.height * factor))));
    cv::resize(whole(part), pixels, size, 0, 0, factor < 1 ? cv::INTER_AREA : cv::INTER_LINEAR);
  }

  /// dlib's rectangles hold their last pixel.
  Box box(const dlib::rectangle& found) const {
    const auto back = [this](long edge, int start) {
      return static_cast<float>(static_cast<double>(edge) / scale - 0.5 + start);
    };
    return {back(found.left(), origin.x), back(found.top(), origin.y), back(found.right() + 1, origin.x),
            back(found.bottom() + 1, origin.y)};
  }
};

bool searchable(const cv::Rect& part) { return part.width >= 8 && part.height >= 8; }

cv::Rect pixels_of(const Box& box, const cv::Mat& picture) {
  const cv::Point from(static_cast<int>(std::floor(box.left + 0.5F)), static_cast<int>(std::floor(box.top + 0.5F)));
  const cv::Point to(static_cast<int>(std::ceil(box.right + 0.5F)), static_cast<int>(std::ceil(box.bottom + 0.5F)));
  return cv::Rect(from, to) & cv::Rect(0, 0, picture.cols, picture.rows);
}

/// Adds the faces of `found` that are not there yet.
void add_others(std::vector<Face>& faces, const std::vector<Face>& found) {
  for (const Face& face : found) {
    if (std::ranges::none_of(faces, [&face](const Face& other) { return overlap(face.box, other.box) > kSameFace; })) {
      faces.push_back(face);
    }
  }
}

}  // namespace

struct FaceModels::Members {
  dlib::shape_predictor predictor;
  std::optional<CnnDetector> cnn;
};

struct FaceFinder::Members {
  explicit Members(const std::optional<CnnDetector>& detector) : cnn(detector) {}

  dlib::frontal_face_detector hog = dlib::get_frontal_face_detector();
  std::optional<CnnDetector> cnn;
  std::vector<Person> people;
  int64_t pictures = 0;  // of this video

  /// Adds who is found again. True where somebody has just been lost.
  bool search_near(const Views& picture, std::vector<Face>& faces) {
    bool lost = false;
    for (const Person& person : people) {
      const double scale = std::clamp(kFaceInSearch / person.box.width(), 0.1F, 2.0F);
      const cv::Rect part = pixels_of(grow(person.box, 2), picture.grey);
      std::vector<Face> near = by_hog(picture, part, scale);
      if (near.empty()) { near = by_cnn(picture, part, scale); }
      lost = lost || (near.empty() && person.missed == 0);
      add_others(faces, near);
    }
    return lost;
  }

  void remember(const std::vector<Face>& faces) {
    std::vector<Person> now;
    for (const Face& face : faces) { now.push_back({face.box, 0}); }
    for (const Person& person : people) {
      if (person.missed < kLookAround &&
          std::ranges::none_of(now, [&](const Person& other) { return overlap(other.box, person.box) > kSameFace; })) {
        now.push_back({person.box, person.missed + 1});
      }
    }
    if (now.size() > kMostPeople) { now.resize(kMostPeople); }
    people = std::move(now);
  }

  std::vector<Face> by_hog(const Views& picture, const cv::Rect& part, double scale) {
    std::vector<Face> faces;
    if (!searchable(part)) { return faces; }
    const SearchPicture search(picture.grey, part, scale);
    std::vector<dlib::rect_detection> found;
    hog(dlib::cv_image<unsigned char>(search.pixels), found);
    for (const auto& detection : found) {
      faces.push_back({search.box(detection.rect), static_cast<float>(detection.detection_confidence), {}});
    }
    return faces;
  }

  /// Nobody, where no CNN is configured.
  std::vector<Face> by_cnn(const Views& picture, const cv::Rect& part, double scale) {
    std::vector<Face> faces;
    if (!cnn || !searchable(part)) { return faces; }
    const SearchPicture search(picture.rgb, part, std::min(scale, std::sqrt(kCnnPixels / part.area())));
    if (std::min(search.pixels.cols, search.pixels.rows) < kCnnSide) { return faces; }
    for (const auto& [box, score] : cnn->find(search.pixels)) { faces.push_back({search.box(box), score, {}}); }
    return faces;
  }

  /// dlib rounds landmarks to whole pixels, so they are found in a picture that is larger than the stored crop.
  static std::array<float, 136> landmarks(const dlib::shape_predictor& predictor, const cv::Mat& grey, const Box& box) {
    const Affine there = crop_transform(square_about(box, 1.6F), kLandmarkPicture);
    cv::Mat face;
    cv::warpAffine(grey, face, cv::Matx23d(there[0], there[1], there[2], there[3], there[4], there[5]),
                   {kLandmarkPicture, kLandmarkPicture}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    const auto edge = [](float scale, float at, float shift) { return std::lround(scale * at + shift + 0.5F); };
    const dlib::rectangle rect(edge(there[0], box.left, there[2]), edge(there[4], box.top, there[5]),
                               edge(there[0], box.right, there[2]) - 1, edge(there[4], box.bottom, there[5]) - 1);
    const dlib::full_object_detection shape = predictor(dlib::cv_image<unsigned char>(face), rect);
    std::array<float, 136> points{};
    for (unsigned long i = 0; i < 68; ++i) {
      points[2 * i] = static_cast<float>(shape.part(i).x());
      points[2 * i + 1] = static_cast<float>(shape.part(i).y());
    }
    return mapped(inverse(there), points);
  }
};

FaceModels::FaceModels(const std::string& landmarks, const std::string& detector)
    : members_(std::make_unique<Members>()),
      detector_("dlib " + std::to_string(DLIB_MAJOR_VERSION) + "." + std::to_string(DLIB_MINOR_VERSION) +
                " frontal HOG") {
  const std::string path = landmarks.empty() ? kDebianModel : landmarks;
  try {
    dlib::deserialize(path) >> members_->predictor;
  } catch (const std::exception& error) {
    throw DataError("[" + path + "] is not a landmark model that can be read (" + error.what() +
                    "); install Debian's libdlib-data, or name a model with --landmark-model");
  }
  if (members_->predictor.num_parts() != 68) {
    throw DataError("[" + path + "] predicts " + std::to_string(members_->predictor.num_parts()) +
                    " landmarks; 68 are expected; name another model with --landmark-model");
  }
  landmarks_sha256_ = hex(sha256_file(path));
  if (detector.empty()) { return; }
  members_->cnn.emplace(detector);
  detector_ += ", mmod CNN " + hex(sha256_file(detector));
}

FaceModels::~FaceModels() = default;

FaceFinder::FaceFinder(std::shared_ptr<const FaceModels> models)
    : models_(std::move(models)), members_(std::make_unique<Members>(models_->members_->cnn)) {}
FaceFinder::~FaceFinder() = default;

void FaceFinder::begin() {
  members_->people.clear();
  members_->pictures = 0;
}

std::vector<Face> FaceFinder::find(const Picture& pixels) {
  Views picture{view(pixels), {}};
  cv::cvtColor(picture.rgb, picture.grey, cv::COLOR_RGB2GRAY);
  const cv::Rect whole(0, 0, pixels.width, pixels.height);
  const double scale = search_scale(std::max(whole.width, whole.height));
  std::vector<Face> faces;
  const bool lost = members_->search_near(picture, faces);
  if (lost || faces.empty() || members_->pictures % kLookAround == 0) {
    add_others(faces, members_->by_hog(picture, whole, scale));
  }
  if (faces.empty()) { faces = members_->by_hog(picture, whole, 2 * scale); }
  if (faces.empty()) { faces = members_->by_cnn(picture, whole, scale); }
  ++members_->pictures;
  std::ranges::stable_sort(faces, std::ranges::greater{}, [](const Face& face) { return face.box.area(); });
  if (faces.size() > kMostFaces) { faces.resize(kMostFaces); }
  members_->remember(faces);
  for (Face& face : faces) {
    face.landmarks = Members::landmarks(models_->members_->predictor, picture.grey, face.box);
  }
  return faces;
}

}  // namespace realface::data::preprocess
