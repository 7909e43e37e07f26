#include "data/preprocess/faces/placement.h"

#include <span>

namespace realface::data::preprocess {
namespace {

/// ArcFace's, pixel centres at integers: left eye, right eye, nose, left and right corner of the mouth, as one sees it.
constexpr FivePoints kTemplate = {
    {{38.2946, 51.6963}, {73.5318, 51.5014}, {56.0252, 71.7366}, {41.5493, 92.3655}, {70.7299, 92.2041}}};
constexpr Box kTemplateEdges = {-0.5F, -0.5F, 111.5F, 111.5F};

std::array<double, 2> mean_of(const std::array<float, 136>& landmarks, size_t first, size_t count) {
  std::array<double, 2> mean{};
  for (size_t i = first; i < first + count; ++i) {
    mean[0] += landmarks[2 * i] / static_cast<double>(count);
    mean[1] += landmarks[2 * i + 1] / static_cast<double>(count);
  }
  return mean;
}

FivePoints points_of(const Face& face) {
  const auto& all = face.landmarks;
  return {mean_of(all, 36, 6), mean_of(all, 42, 6), mean_of(all, 30, 1), mean_of(all, 48, 1), mean_of(all, 54, 1)};
}

FivePoints mean_points(std::span<const Face> faces) {
  const auto count = static_cast<double>(faces.size());
  FivePoints mean{};
  for (const Face& face : faces) {
    const FivePoints points = points_of(face);
    for (size_t i = 0; i < points.size(); ++i) {
      mean[i] = {mean[i][0] + points[i][0] / count, mean[i][1] + points[i][1] / count};
    }
  }
  return mean;
}

Placement boxed(const CropPolicy& policy, std::span<const Face> faces) {
  Box all = faces.front().box;
  for (const Face& face : faces) { all = unite(all, face.box); }
  const Box square = square_about(all, static_cast<float>(policy.margin));
  return {crop_transform(square, policy.size), square};
}

Placement aligned(const CropPolicy& policy, std::span<const Face> faces) {
  const Affine upright = similarity(mean_points(faces), kTemplate);
  Box all = kTemplateEdges;
  for (const Face& face : faces) {
    const Affine own = similarity(points_of(face), kTemplate);
    all = unite(all, bounds(chained(inverse(own), upright), kTemplateEdges));
  }
  const Box square = square_about(all, static_cast<float>(policy.margin));
  return {chained(upright, crop_transform(square, policy.size)), bounds(inverse(upright), square)};
}

Placement placed(const CropPolicy& policy, std::span<const Face> faces) {
  return policy.align == "similarity" ? aligned(policy, faces) : boxed(policy, faces);
}

}  // namespace

bool is_alignment(const std::string& name) { return name == "none" || name == "similarity"; }

Placer::Placer(const CropPolicy& policy, const std::vector<Face>& clip)
    : policy_(policy), clip_(placed(policy, clip)) {}

Placement Placer::place(const Face& face) const { return policy_.crop == "clip" ? clip_ : placed(policy_, {&face, 1}); }

}  // namespace realface::data::preprocess
