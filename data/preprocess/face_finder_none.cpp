// The twin of face_finder.cpp in a build without dlib.

#include "base/error.h"
#include "data/preprocess/face_finder.h"

namespace realface::data::preprocess {

struct LandmarkModel::Members {};
struct FaceFinder::Members {};

LandmarkModel::LandmarkModel(const std::string&) {
  throw Error(
      "[preprocess] this build of realface has no video, so it finds no faces; build it with REALFACE_VIDEO=ON");
}
LandmarkModel::~LandmarkModel() = default;

FaceFinder::FaceFinder(std::shared_ptr<const LandmarkModel> model) : model_(std::move(model)) {}
FaceFinder::~FaceFinder() = default;

void FaceFinder::begin() {}
std::vector<Face> FaceFinder::find(const Picture&) { return {}; }

std::string detector_name() { return "none"; }

}  // namespace realface::data::preprocess
