#include "models/localizer/decoder.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <string>

namespace realface::models {
namespace {

constexpr int64_t kScseReduction = 2;

std::shared_ptr<torch::nn::Module> folder(torch::nn::Module& parent, const std::string& name) {
  return parent.register_module(name, std::make_shared<torch::nn::Module>(name));
}

std::shared_ptr<Conv> biased(torch::nn::Module& parent, const std::string& name, int64_t in, int64_t out,
                             int64_t kernel) {
  return parent.register_module(name, std::make_shared<Conv>(in, out, kernel, 1, 1, /*has_bias=*/true));
}

/// Twice as large, pixels repeated.
torch::Tensor enlarged(const torch::Tensor& x) { return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}); }

}  // namespace

UnetDecoder::UnetDecoder(const std::array<int64_t, 5>& skips, const std::array<int64_t, 4>& widths, int64_t last) {
  const auto stages = folder(*this, "decoder_stages"), bottlenecks = folder(*this, "bottlenecks");
  for (size_t i = 0; i < widths.size(); ++i) {
    const int64_t below = i + 1 < widths.size() ? widths[i + 1] : skips.back();
    enlarging_[i] = biased(*folder(*folder(*stages, std::to_string(i)), "layer"), "1", below, widths[i], 3);
    // The reference numbers what joins from the deepest on.
    const auto seq = folder(*folder(*bottlenecks, std::to_string(widths.size() - 1 - i)), "seq");
    joining_[i] = biased(*seq, "0", widths[i] + skips[i], widths[i], 3);
    gates_[i] = seq->register_module("2", std::make_shared<ScSe>(widths[i], kScseReduction));
  }
  last_ = biased(*folder(*folder(*this, "last_upsample"), "layer"), "1", widths.front(), last, 3);
  final_ = biased(*folder(*this, "final"), "0", last, 1, 1);
}

torch::Tensor UnetDecoder::forward(const std::array<torch::Tensor, 5>& encoded) const {
  auto x = encoded.back();
  for (size_t i = enlarging_.size(); i-- > 0;) {
    x = at::relu(enlarging_[i]->forward(enlarged(x)));
    x = gates_[i]->forward(at::relu(joining_[i]->forward(at::cat({x, encoded[i]}, 1))));
  }
  return at::sigmoid(final_->forward(at::relu(last_->forward(enlarged(x)))));
}

}  // namespace realface::models
