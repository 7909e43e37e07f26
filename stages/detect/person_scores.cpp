#include "stages/detect/person_scores.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace realface::stages {
namespace {

/// The mean difference of a colour that is shown in full.
constexpr double kLargeDifference = 0.25;

/// f32 [T, H, W], how far faces are from what a network maps them to, f32 [T, 3, h, w] in [0, 1].
torch::Tensor differences(const torch::Tensor& faces, const torch::Tensor& mapped) {
  const auto originals = (faces.to(torch::kFloat32) / 255).permute({0, 3, 1, 2});
  const auto small = at::avg_pool2d(originals, originals.size(3) / mapped.size(3));
  const auto far = ((mapped - small).abs().mean(1, true) / kLargeDifference).clamp(0, 1);
  return at::upsample_bilinear2d(far, originals.sizes().slice(2), false).squeeze(1);
}

/// bool [1, T, N] on the faces' device, fixed by the frame's place. Landmarks of nobody leave no key region.
torch::Tensor masks_of(const Hidden& hidden, const torch::Tensor& faces, const torch::Tensor& landmarks) {
  constexpr size_t kNumbers = 136;
  const int64_t grid = faces.size(1) / hidden.patch;
  const auto points = landmarks.defined() ? landmarks.contiguous() : at::zeros({faces.size(0), 68, 2});
  std::vector<uint8_t> masks;
  for (int64_t t = 0; t < faces.size(0); ++t) {
    const data::Landmarks own(points[t].const_data_ptr<float>(), kNumbers);
    const auto mask =
        data::draw_mask(hidden.mask, grid, hidden.patch, own, /*seed=*/0, /*epoch=*/0, static_cast<uint64_t>(t));
    masks.insert(masks.end(), mask.begin(), mask.end());
  }
  const auto bytes = at::tensor(at::ArrayRef<uint8_t>(masks)).view({1, faces.size(0), grid * grid});
  return bytes.to(faces.device(), torch::kBool);
}

/// Of one branch: p_fake [T].
PersonScores whole(const Branch& branch, const torch::Tensor& faces, const torch::Tensor& landmarks = {}) {
  const auto masks = branch.hidden ? masks_of(*branch.hidden, faces, landmarks) : torch::Tensor();
  const auto scores = scores_of(branch, faces.unsqueeze(0), masks);
  const auto frames = scores.frames.defined() ? scores.frames[0] : scores.videos.expand({faces.size(0)});
  PersonScores own{frames.to(torch::kCPU, torch::kFloat64), {}, scores.masks.defined()};
  if (own.has_masks) {
    own.heat = scores.masks[0].cpu();
  } else if (scores.heat.defined()) {
    own.heat = scores.heat[0].cpu();
  } else if (scores.maps.defined()) {
    own.heat = differences(faces, scores.maps[0]).cpu();
  }
  return own;
}

PersonScores clip_by_clip(const Branch& branch, const torch::Tensor& faces) {
  const int64_t count = faces.size(0), clip = branch.clip;
  if (count < clip) {
    const auto more = faces.narrow(0, count - 1, 1).expand({clip - count, -1, -1, -1});
    return {whole(branch, at::cat({faces, more})).p_fake.narrow(0, 0, count)};
  }
  auto sums = at::zeros({count}, torch::kFloat64), times = at::zeros({count}, torch::kFloat64);
  for (int64_t first = 0; first < count; first += clip) {
    const int64_t begin = std::min(first, count - clip);
    sums.narrow(0, begin, clip) += whole(branch, faces.narrow(0, begin, clip)).p_fake;
    times.narrow(0, begin, clip) += 1;
  }
  return {sums / times};
}

}  // namespace

PersonScores score_frames(const std::vector<Branch>& branches, const torch::Tensor& faces,
                          const torch::Tensor& landmarks) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> columns;
  PersonScores all;
  for (const auto& branch : branches) {
    const auto own = branch.clip > 0 ? clip_by_clip(branch, faces) : whole(branch, faces, landmarks);
    columns.push_back(own.p_fake);
    if (own.heat.defined() && (own.has_masks || !all.has_masks)) {
      all.heat = own.heat;
      all.has_masks = own.has_masks;
    }
  }
  all.p_fake = at::stack(columns, 1);
  return all;
}

}  // namespace realface::stages
