// The twin of face_finder.cpp in a build without dlib.

#include "base/error.h"
#include "data/preprocess/faces/face_finder.h"

namespace realface::data::preprocess {

struct FaceModels::Members {};
struct FaceFinder::Members {};

FaceModels::FaceModels(const std::string&, const std::string&) {
  throw Error(
      "[preprocess] this build of realface has no video, so it finds no faces; build it with REALFACE_VIDEO=ON");
}
FaceModels::~FaceModels() = default;

FaceFinder::FaceFinder(std::shared_ptr<const FaceModels> models) : models_(std::move(models)) {}
FaceFinder::~FaceFinder() = default;

void FaceFinder::begin() {}
std::vector<Face> FaceFinder::find(const Picture&) { return {}; }

}  // namespace realface::data::preprocess
