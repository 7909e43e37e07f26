#include "distributed/reducer/gradient_buckets.h"

#include <map>

#include "base/error.h"

namespace realface::distributed {
namespace {

// Every gradient begins on a cache line, for vector instructions.
constexpr int64_t kAlignment = 16;

/// Whether two gradients may share a bucket.
bool alike(const torch::Tensor& a, const torch::Tensor& b) {
  return gradient_dtype(a) == gradient_dtype(b) && a.device() == b.device();
}

int64_t aligned(int64_t elements) { return (elements + kAlignment - 1) / kAlignment * kAlignment; }

torch::Tensor place(const torch::Tensor& buffer, int64_t offset, const torch::Tensor& parameter) {
  // Equal strides let optimizers take both as flat memory.
  if (parameter.is_non_overlapping_and_dense()) {
    return buffer.as_strided(parameter.sizes(), parameter.strides(), buffer.storage_offset() + offset);
  }
  return buffer.narrow(0, offset, parameter.numel()).view(parameter.sizes());
}

GradientBucket build_bucket(std::vector<ReducedParameter>& parameters, const std::vector<size_t>& members, int64_t tail,
                            Communicator& group) {
  int64_t elements = 0;
  for (const size_t index : members) { elements += aligned(parameters[index].tensor.numel()); }
  const auto& first = parameters[members.front()].tensor;
  const auto options = torch::TensorOptions().dtype(gradient_dtype(first)).device(first.device());

  GradientBucket bucket{
      .buffer = group.allocate(elements + tail, options), .flat = {}, .used_by = {}, .parameters = members};
  bucket.flat = bucket.buffer.narrow(0, 0, elements);
  if (tail > 0) { bucket.used_by = bucket.buffer.narrow(0, elements, tail); }
  int64_t offset = 0;
  for (const size_t index : members) {
    auto& parameter = parameters[index];
    const torch::Tensor gradient = place(bucket.buffer, offset, parameter.tensor);
    if (parameter.gradient.defined()) { gradient.copy_(parameter.gradient); }
    parameter.gradient = gradient;
    parameter.tensor.mutable_grad() = gradient;
    offset += aligned(parameter.tensor.numel());
  }
  return bucket;
}

}  // namespace

torch::Dtype gradient_dtype(const torch::Tensor& parameter) {
  return parameter.scalar_type() == torch::kFloat64 ? torch::kFloat64 : torch::kFloat32;
}

std::vector<std::vector<size_t>> group_parameters(const std::vector<ReducedParameter>& parameters,
                                                  const std::vector<size_t>& order, const ReducerConfig& config) {
  std::vector<std::vector<size_t>> groups;
  int64_t bytes = 0;
  for (const size_t index : order) {
    const auto& tensor = parameters[index].tensor;
    const auto size = tensor.numel() * static_cast<int64_t>(c10::elementSize(gradient_dtype(tensor)));
    const int64_t limit = groups.size() <= 1 ? config.first_bucket_bytes : config.bucket_bytes;
    if (groups.empty() || bytes >= limit || !alike(parameters[groups.back().front()].tensor, tensor)) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(index);
    bytes += size;
  }
  return groups;
}

std::vector<std::vector<size_t>> groups_of_layout(const std::vector<ReducedParameter>& parameters,
                                                  const BucketLayout& layout) {
  std::map<std::string, size_t> places;
  for (size_t index = 0; index < parameters.size(); ++index) { places[parameters[index].name] = index; }
  std::vector<std::vector<size_t>> groups;
  for (const auto& names : layout) {
    if (!names.empty()) { groups.emplace_back(); }
    for (const auto& name : names) {
      const auto place = places.extract(name);
      if (place.empty()) {
        throw Error("[reducer] the saved layout names " + name +
                    ", which this model lacks or which comes twice; resume with the model that was saved");
      }
      groups.back().push_back(place.mapped());
      if (!alike(parameters[groups.back().front()].tensor, parameters[place.mapped()].tensor)) {
        throw Error("[reducer] the saved layout puts gradients of different types into one bucket, at " + name +
                    "; resume with the model that was saved");
      }
    }
  }
  if (!places.empty()) {
    throw Error("[reducer] the saved layout lacks " + std::to_string(places.size()) + " of " +
                std::to_string(parameters.size()) + " parameters, " + places.begin()->first +
                " for one; resume with the model that was saved");
  }
  return groups;
}

std::vector<GradientBucket> build_buckets(std::vector<ReducedParameter>& parameters,
                                          const std::vector<std::vector<size_t>>& groups, Communicator& group) {
  const torch::NoGradGuard no_grad;
  std::vector<GradientBucket> buckets;
  for (size_t i = 0; i < groups.size(); ++i) {
    const bool last = i + 1 == groups.size();
    const auto tail = last ? static_cast<int64_t>(parameters.size()) : 0;
    buckets.push_back(build_bucket(parameters, groups[i], tail, group));
    for (const size_t index : groups[i]) { parameters[index].bucket = i; }
  }
  return buckets;
}

}  // namespace realface::distributed
