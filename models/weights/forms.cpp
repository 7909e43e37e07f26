#include "models/weights/forms.h"

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "models/layers/positions.h"

namespace realface::models {
namespace {

/// Takes what `name` has for "q", "k", "v" in the place of {}; nothing unless all are there.
std::vector<torch::Tensor> take(Tensors& tensors, const std::string& before, const std::vector<std::string>& parts,
                                const std::string& after) {
  std::vector<torch::Tensor> taken;
  for (const auto& part : parts) {
    const auto found = tensors.find(before + part + after);
    if (found == tensors.end()) { return {}; }
    taken.push_back(found->second);
  }
  for (const auto& part : parts) { tensors.erase(before + part + after); }
  return taken;
}

bool same_width(const std::vector<torch::Tensor>& parts) {
  return !parts.empty() && parts.front().dim() > 0 && parts.front().sizes() == parts[1].sizes() &&
         parts.front().sizes() == parts.back().sizes();
}

/// [3 * T * P * P, ...] from channel-major rows to channel-minor ones.
torch::Tensor channels_last(const torch::Tensor& head) {
  const auto shape = head.sizes().vec();
  return head.reshape({3, head.size(0) / 3, -1}).transpose(0, 1).reshape(shape);
}

/// Whether a table [1, N, D] is the fixed one, which may have been rounded.
bool is_fixed_table(const torch::Tensor& table) {
  constexpr double kRounding = 0.01;
  if (table.dim() != 3 || table.size(0) != 1) { return false; }
  return (table.to(torch::kFloat32) - sinusoid_positions(table.size(2), table.size(1))).abs().max().item<double>() <=
         kRounding;
}

}  // namespace

void join_projections(Tensors& tensors) {
  std::vector<std::string> starts;  // "blocks.0.attn."
  for (const auto& [name, tensor] : tensors) {
    if (name.ends_with(".attn.q.weight")) { starts.push_back(name.substr(0, name.size() - sizeof("q.weight") + 1)); }
  }
  for (const auto& start : starts) {
    for (const std::string kind : {".weight", ".bias"}) {
      auto parts = take(tensors, start, {"q", "k", "v"}, kind);
      if (same_width(parts)) { tensors[start + "qkv" + kind] = at::cat(parts); }
    }
    const auto biases = take(tensors, start, {"q", "v"}, ".bias");
    if (same_width(biases)) { tensors[start + "q_bias"] = biases[0], tensors[start + "v_bias"] = biases[1]; }
  }
}

void split_projections(Tensors& tensors) {
  Tensors parts;
  for (const auto& [name, tensor] : tensors) {
    const auto place = name.find(".attn.qkv.");
    if (place == std::string::npos) { continue; }
    const auto start = place + sizeof(".attn.") - 1, after = start + sizeof("qkv") - 1;
    const auto chunks = tensor.chunk(3);
    for (size_t i = 0; i < 3; ++i) {
      parts[name.substr(0, start) + "qkv"[i] + name.substr(after)] = chunks[i].contiguous();
    }
  }
  std::erase_if(tensors, [](const auto& one) { return one.first.find(".attn.qkv.") != std::string::npos; });
  tensors.merge(parts);
}

void widen_convolutions(Tensors& tensors) {
  for (auto& [name, tensor] : tensors) {
    const bool convolution =
        name.find(".se_module.fc") != std::string::npos || name.find("pointwise") != std::string::npos;
    if (convolution && tensor.dim() == 2) { tensor = tensor.unsqueeze(-1).unsqueeze(-1); }
  }
}

void convert_marlin(Tensors& tensors, const std::filesystem::path& path) {
  for (const std::string name : {"pos_embedding.emb", "decoder.pos_embedding.emb"}) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) { continue; }
    if (!is_fixed_table(found->second)) {
      throw Error(
          fmt::format("[{}] has a {} that is not the fixed table of sines and cosines; expected MARLIN's weights",
                      path.string(), name));
    }
    tensors.erase(found);
  }
  for (const std::string name : {"decoder.head.weight", "decoder.head.bias"}) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.dim() == 0 || found->second.size(0) % 3 != 0) { continue; }
    found->second = channels_last(found->second).contiguous();
  }
}

}  // namespace realface::models
