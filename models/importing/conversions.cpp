#include "models/importing/conversions.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "base/error.h"

namespace realface::models::importing {
namespace {

torch::Tensor resized(const torch::Tensor& table, int64_t grid, const std::string& where) {
  const int64_t patches = table.dim() == 3 ? table.size(1) - 1 : 0;
  const auto own = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(std::max<int64_t>(patches, 0)))));
  if (own < 1 || own * own != patches || table.size(0) != 1) {
    throw Error(fmt::format("{} has the shape {}; expected 1x(1 + g*g)xD", where, fmt::join(table.sizes(), "x")));
  }
  if (own == grid) { return table; }
  const auto picture = table.narrow(1, 1, patches).to(torch::kFloat32).reshape({1, own, own, -1}).permute({0, 3, 1, 2});
  const auto larger = at::upsample_bicubic2d(picture.contiguous(), {grid, grid}, /*align_corners=*/false);
  const auto rows = larger.permute({0, 2, 3, 1}).flatten(1, 2).to(table.scalar_type());
  return at::cat({table.narrow(1, 0, 1), rows}, 1);
}

}  // namespace

void resize_positions(Tensors& tensors, int64_t grid, const std::filesystem::path& path) {
  if (!tensors.contains("pos_embed")) {
    throw Error(fmt::format("[{}] has no position table (pos_embed) to interpolate", path.string()));
  }
  for (const std::string name : {"pos_embed", "decoder_pos_embed"}) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) { continue; }
    found->second = resized(found->second, grid, fmt::format("[{}] {}", path.string(), name));
  }
}

void inflate(Tensors& tensors, int64_t tubelet, const std::filesystem::path& path) {
  const auto embedding = tensors.find("patch_embed.proj.weight");
  if (embedding == tensors.end() || embedding->second.dim() != 4) {
    throw Error(fmt::format("[{}] is no network of pictures, which alone can be inflated", path.string()));
  }
  const auto& flat = embedding->second;
  const auto type = flat.scalar_type();
  embedding->second = (flat.to(torch::kFloat32) / tubelet).to(type).unsqueeze(2).repeat({1, 1, tubelet, 1, 1});
  std::erase_if(tensors, [](const auto& one) {
    return of_decoder(one.first) || of_classifier(one.first) || one.first == "cls_token" || one.first == "pos_embed";
  });
  std::vector<std::string> biases;
  for (const auto& [name, tensor] : tensors) {
    if (name.ends_with(".attn.qkv.bias") && tensor.dim() == 1 && tensor.size(0) % 3 == 0) { biases.push_back(name); }
  }
  for (const auto& name : biases) {
    const auto parts = tensors.at(name).chunk(3);
    const auto attention = name.substr(0, name.size() - sizeof("qkv.bias") + 1);
    tensors[attention + "q_bias"] = parts[0].contiguous(), tensors[attention + "v_bias"] = parts[2].contiguous();
    tensors.erase(name);
  }
}

}  // namespace realface::models::importing
