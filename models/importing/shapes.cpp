#include "models/importing/shapes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "models/set.h"

namespace realface::models::importing {

Shapes shapes_of(const torch::nn::Module& network) {
  Shapes shapes;
  for (const auto& [name, tensor] : named_tensors(network)) { shapes[bare_name(name)] = tensor.sizes().vec(); }
  return shapes;
}

void Sizes::refuse(const std::string& message) const { throw Error(fmt::format("[{}] {}", path_.string(), message)); }

const torch::Tensor& Sizes::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) { return found->second; }
  refuse(fmt::format("holds no {}, from which the network's sizes are told; are they weights of another kind (--as)?",
                     name));
}

int64_t Sizes::of(const std::string& name, int64_t dimension) const {
  const auto& tensor = find(name);
  const auto place = dimension < 0 ? tensor.dim() + dimension : dimension;
  if (place < 0 || place >= tensor.dim() || tensor.size(place) == 0) {
    refuse(fmt::format("{} has the shape {}, which is that of another kind of network (--as)", name,
                       fmt::join(tensor.sizes(), "x")));
  }
  return tensor.size(place);
}

int64_t Sizes::count(const std::string& before, const std::string& after) const {
  int64_t count = 0;
  while (tensors_.contains(before + std::to_string(count) + after)) { ++count; }
  return count;
}

int64_t Sizes::numbers() const {
  int64_t sum = 0;
  for (const auto& [name, tensor] : tensors_) { sum += tensor.numel(); }
  return sum;
}

bool Sizes::has_decoder() const {
  return std::ranges::any_of(tensors_, [](const auto& one) { return of_decoder(one.first); });
}

}  // namespace realface::models::importing
