#include "models/layers/batch_norm.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "models/layers/normalised.h"

namespace realface::models {
namespace {

std::vector<BatchNorm*> batch_norms(torch::nn::Module& network) {
  std::vector<BatchNorm*> found;
  for (const auto& module : network.modules()) {
    if (auto* norm = dynamic_cast<BatchNorm*>(module.get())) { found.push_back(norm); }
  }
  return found;
}

}  // namespace

BatchNorm::BatchNorm(int64_t channels, double momentum, double eps)
    : momentum_(momentum),
      eps_(eps),
      weight_(register_parameter("weight", at::ones({channels}))),
      bias_(register_parameter("bias", at::zeros({channels}))),
      running_mean_(register_buffer("running_mean", at::zeros({channels}))),
      running_var_(register_buffer("running_var", at::ones({channels}))) {}

torch::Tensor BatchNorm::forward(const torch::Tensor& x) {
  return forward(x, weight_, bias_, is_training() ? Statistics::noted : Statistics::running);
}

torch::Tensor BatchNorm::forward(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                                 Statistics statistics) {
  if (statistics == Statistics::running) {
    return at::batch_norm(x, weight, bias, running_mean_, running_var_, false, 0, eps_, /*cudnn_enabled=*/true);
  }
  const auto [out, mean, inverse_deviation] = normalised_by_batch(x, weight, bias, eps_);
  if (statistics == Statistics::batch) { return out; }
  const double count = static_cast<double>(x.numel() / x.size(1));
  const torch::NoGradGuard no_grad;
  const auto type = note_type();
  const auto variance = inverse_deviation.to(type).pow(-2).sub(eps_).mul(count / std::max(1.0, count - 1));
  notes_.emplace_back(mean.detach().to(type), variance.detach());
  return out;
}

std::pair<torch::Tensor, torch::Tensor> BatchNorm::scale_and_shift() const {
  const auto scale = weight_ / (running_var_ + eps_).sqrt();
  return {scale, bias_ - running_mean_ * scale};
}

/// Statistics are kept in fp32 at least: bf16 would not move by a tenth of a small difference.
torch::ScalarType BatchNorm::note_type() const {
  return running_mean_.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
}

torch::Tensor BatchNorm::take_notes() {
  const int64_t channels = running_mean_.size(0);
  auto sums = at::zeros({2 * channels + 1}, running_mean_.options().dtype(note_type()));
  for (const auto& [mean, variance] : notes_) {
    sums.narrow(0, 0, channels).add_(mean);
    sums.narrow(0, channels, channels).add_(variance);
  }
  sums.narrow(0, 2 * channels, 1).fill_(static_cast<double>(notes_.size()));
  notes_.clear();
  return sums;
}

void BatchNorm::move(const torch::Tensor& notes) {
  const torch::NoGradGuard no_grad;
  const int64_t channels = running_mean_.size(0);
  const auto count = notes.narrow(0, 2 * channels, 1);
  const auto weight = count.gt(0).to(notes.scalar_type()).mul(momentum_);  // on the device: no wait for the count
  const auto move_to = [&](torch::Tensor& running, const torch::Tensor& sums) {
    const auto target = sums / count.clamp_min(1);
    running.copy_(running.to(notes.scalar_type()).mul(1 - weight).add(target * weight));
  };
  move_to(running_mean_, notes.narrow(0, 0, channels));
  move_to(running_var_, notes.narrow(0, channels, channels));
}

void move_running_statistics(torch::nn::Module& working, torch::nn::Module& master,
                             const std::function<void(torch::Tensor&)>& sum) {
  const auto norms = batch_norms(working), masters = batch_norms(master);
  if (norms.empty()) { return; }
  std::vector<torch::Tensor> notes;
  for (auto* norm : norms) { notes.push_back(norm->take_notes()); }
  auto flat = at::cat(notes);
  sum(flat);
  int64_t first = 0;
  for (size_t i = 0; i < norms.size(); ++i) {
    const auto own = flat.narrow(0, first, notes[i].size(0));
    first += notes[i].size(0);
    norms[i]->move(own);
    if (masters[i] != norms[i]) { masters[i]->move(own); }
  }
}

}  // namespace realface::models
