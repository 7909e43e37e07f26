#include "stages/scores/localization.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <map>

#include "data/batch.h"

namespace realface::stages {
namespace {

constexpr int64_t kColumns = static_cast<int64_t>(MaskCount::count);

double at(const torch::Tensor& counts, MaskCount column) { return counts[static_cast<int64_t>(column)].item<double>(); }

nlohmann::json share(double part, double whole) {
  return whole > 0 ? nlohmann::json(part / whole) : nlohmann::json(nullptr);
}

nlohmann::json measures(const torch::Tensor& counts) {
  const double frames = at(counts, MaskCount::frames), united = at(counts, MaskCount::united);
  nlohmann::json pooled = share(at(counts, MaskCount::intersection), united);
  if (frames > 0 && united == 0) { pooled = 1.0; }  // nothing was tampered with, and nothing else was said
  return {{"iou", share(at(counts, MaskCount::iou), frames)},
          {"iou_pooled", pooled},
          {"pbca", share(at(counts, MaskCount::equal), frames)},
          {"positive", share(at(counts, MaskCount::positive), frames)},
          {"frames", static_cast<int64_t>(frames)}};
}

nlohmann::json results_of_some(const torch::Tensor& fakes, const torch::Tensor& reals) {
  return {{"fakes", measures(fakes)},
          {"all", measures(fakes + reals)},
          {"unknown", static_cast<int64_t>(at(fakes + reals, MaskCount::unknown))}};
}

}  // namespace

torch::Tensor count_masks(const torch::Tensor& masks, const torch::Tensor& truth) {
  const auto share_of = [](const torch::Tensor& pixels) { return pixels.to(torch::kFloat64).mean({1, 2}); };
  const auto said = masks.ge(0.5), true_ones = truth.eq(1);
  const auto known = truth.ne(data::kNotKnown).flatten(1).all(1);
  const auto both = share_of(said & true_ones), either = share_of(said | true_ones);
  const auto iou = at::where(either.gt(0), both / either, 1.0);
  const auto weight = known.to(torch::kFloat64);
  return at::stack({weight, weight * iou, weight * both, weight * either, weight * share_of(said == true_ones),
                    weight * share_of(true_ones), 1 - weight})
      .sum(1);  // in the order of MaskCount
}

nlohmann::json localization_results(const SampleTable& table, const std::string& split, const torch::Tensor& counts) {
  const auto none = at::zeros({kColumns}, torch::kFloat64);
  torch::Tensor reals = none, fakes = none;
  std::map<std::string, torch::Tensor> methods;
  for (size_t i = 0; i < table.videos().size(); ++i) {
    const auto& video = table.videos()[i];
    if (video.label < 0 || (split != "all" && video.split != split)) { continue; }
    const auto own = counts[static_cast<int64_t>(i)];
    auto& sum = video.label == 0 ? reals : fakes;
    sum = sum + own;
    if (video.label == 0 || video.method.empty()) { continue; }
    const auto [method, fresh] = methods.emplace(video.method, own);
    if (!fresh) { method->second = method->second + own; }
  }
  nlohmann::json results = {{"all", results_of_some(fakes, reals)}};
  for (const auto& [method, sum] : methods) { results[method] = results_of_some(sum, reals); }
  return results;
}

}  // namespace realface::stages
