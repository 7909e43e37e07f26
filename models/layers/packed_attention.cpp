#include <ATen/Context.h>
#include <ATen/ops/_efficient_attention_forward.h>
#include <ATen/ops/_flash_attention_forward.h>
#include <ATen/ops/cat.h>
#include <vector>

#include "models/layers/kernels.h"

namespace realface::models::kernels {
namespace {

using torch::Tensor;

/// [n, H, d] -> [1, H, n, d], a view.
Tensor by_head(const Tensor& rows) { return rows.transpose(0, 1).unsqueeze(0); }

/// Where no kernel knows of several sequences: one after another.
Tensor one_by_one(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& starts) {
  const auto* start = starts.const_data_ptr<int32_t>();
  std::vector<Tensor> mixed;
  for (int64_t i = 0; i + 1 < starts.numel(); ++i) {
    const auto own = [&](const Tensor& all) { return by_head(all.slice(0, start[i], start[i + 1])); };
    mixed.push_back(attention(own(q), own(k), own(v), {}).squeeze(0).transpose(0, 1));
  }
  return at::cat(mixed);
}

}  // namespace

Tensor packed_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Packing& packing) {
  const auto& starts = packing.starts;
  const int64_t longest = packing.longest;
  // The kernels for several sequences add up gradients in any order.
  if (q.is_cpu() || at::globalContext().deterministicAlgorithms()) { return one_by_one(q, k, v, starts.cpu()); }
  if (q.element_size() == 2) {
    return std::get<0>(at::_flash_attention_forward(q, k, v, starts, starts, longest, longest, /*dropout_p=*/0.0,
                                                    /*is_causal=*/false, /*return_debug_mask=*/false));
  }
  // fp32 has no flash kernel. Its batch of 1 is the packed one; the backward needs the logarithms.
  const auto one = [](const Tensor& all) { return all.unsqueeze(0); };
  return std::get<0>(at::_efficient_attention_forward(one(q), one(k), one(v), /*bias=*/{}, starts, starts, longest,
                                                      longest, /*dropout_p=*/0.0, /*custom_mask_type=*/0,
                                                      /*compute_log_sumexp=*/true))
      .squeeze(0);
}

}  // namespace realface::models::kernels
