#include "stages/evaluate/similarity.h"

#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace realface::stages {
namespace {

constexpr size_t kBins = 20;

using Shares = std::array<double, kBins>;

/// Distances of one class.
using Distances = std::vector<double>;

Shares shares_of(const Distances& distances, double nearest, double farthest) {
  Shares shares{};
  for (const double distance : distances) {
    const double similarity = farthest > nearest ? (farthest - distance) / (farthest - nearest) : 1;
    const auto bin = static_cast<size_t>(similarity * static_cast<double>(kBins));
    shares[std::min(kBins - 1, bin)] += 1.0 / static_cast<double>(distances.size());
  }
  return shares;
}

nlohmann::json histograms(const std::array<Distances, 2>& classes) {
  const auto& [real, fake] = classes;
  if (real.empty() || fake.empty()) { return nullptr; }
  const double nearest = std::min(std::ranges::min(real), std::ranges::min(fake));
  const double farthest = std::max(std::ranges::max(real), std::ranges::max(fake));
  const auto of_real = shares_of(real, nearest, farthest), of_fake = shares_of(fake, nearest, farthest);
  double overlap = 0;
  for (size_t bin = 0; bin < kBins; ++bin) { overlap += std::min(of_real[bin], of_fake[bin]); }
  return {{"bins", kBins},      {"real", of_real},      {"fake", of_fake},
          {"nearest", nearest}, {"farthest", farthest}, {"overlap", overlap}};
}

}  // namespace

Similarity::Similarity(const SampleTable& table, std::shared_ptr<const data::Companion> restored)
    : table_(table),
      restored_(std::move(restored)),
      sums_(at::zeros({static_cast<int64_t>(table.videos().size()), 2}, torch::kFloat64)),
      counts_(sums_.clone()) {}

void Similarity::add(const data::Batch& batch, int64_t row, const torch::Tensor& maps) {
  const auto video = table_.video_of(batch.samples[static_cast<size_t>(row)]);
  const auto originals = (batch.images[row].to(torch::kFloat32) / 255).permute({0, 3, 1, 2});  // [T, 3, H, W]
  if (has_rows(batch, row, originals.size(0))) {
    note(video, 0, restored_faces(batch, row, originals.size(0)), originals);
  }
  if (maps.defined()) { note(video, 1, maps, originals); }
}

/// Videos shorter than a clip have none, nor have clips with a damaged frame.
bool Similarity::has_rows(const data::Batch& batch, int64_t row, int64_t frames) const {
  const auto first = batch.frames.begin() + row * frames;
  return restored_ && std::all_of(first, first + frames,
                                  [&](int64_t number) { return restored_->has(static_cast<uint64_t>(number)); });
}

void Similarity::note(size_t video, int64_t column, const torch::Tensor& faces, const torch::Tensor& originals) {
  const auto small = at::avg_pool2d(originals, originals.size(3) / faces.size(3));
  const auto distances = (faces.to(small.device()) - small).square().mean({1, 2, 3}).sqrt();
  sums_[static_cast<int64_t>(video)][column] += distances.sum().to(torch::kFloat64).cpu();
  counts_[static_cast<int64_t>(video)][column] += static_cast<double>(distances.size(0));
}

torch::Tensor Similarity::restored_faces(const data::Batch& batch, int64_t row, int64_t frames) const {
  auto shape = restored_->shape();
  shape.insert(shape.begin(), frames);
  auto faces = at::empty(shape, torch::kFloat16);
  for (int64_t t = 0; t < frames; ++t) {
    const int64_t number = batch.frames[static_cast<size_t>(row * frames + t)];
    restored_->read(static_cast<uint64_t>(number), {}, batch.images.size(3),
                    static_cast<uint16_t*>(faces[t].mutable_data_ptr()));
  }
  return faces.to(torch::kFloat32);
}

void Similarity::reduce(distributed::Communicator& group) {
  if (sums_.numel() == 0) { return; }
  group.all_reduce(sums_)->wait();
  group.all_reduce(counts_)->wait();
}

nlohmann::json similarity_results(const SampleTable& table, const std::string& split, const torch::Tensor& distances) {
  nlohmann::json results;
  for (const int64_t column : {0, 1}) {
    std::array<Distances, 2> classes;
    for (size_t i = 0; i < table.videos().size(); ++i) {
      const auto& video = table.videos()[i];
      const double distance = distances[static_cast<int64_t>(i)][column].item<double>();
      if (video.label < 0 || std::isnan(distance) || (split != "all" && video.split != split)) { continue; }
      classes[static_cast<size_t>(video.label)].push_back(distance);
    }
    results[column == 0 ? "before" : "after"] = histograms(classes);
  }
  return results;
}

}  // namespace realface::stages
