#include "models/set.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/sha256.h"

namespace realface::models {
namespace {

/// Everything a module holds, by name, sorted: parameters, then buffers of other names.
std::map<std::string, torch::Tensor> named_tensors(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& item : module.named_parameters()) { tensors[item.key()] = item.value(); }
  for (const auto& item : module.named_buffers()) { tensors[item.key()] = item.value(); }
  return tensors;
}

/// The weights of one network, and where they came from at the beginning.
class ModelPart : public Part {
 public:
  ModelPart(std::string name, Entry& entry) : name_(std::move(name)), entry_(entry) {}
  std::string part_name() const override { return name_; }
  std::vector<Slice> tensors() const override {
    std::vector<Slice> slices;
    for (const auto& [name, tensor] : named_tensors(*entry_.module)) {
      slices.push_back(replicated(name, tensor.detach()));
    }
    return slices;
  }
  nlohmann::json values() const override { return {{"source", entry_.source}}; }
  void restore(const nlohmann::json& values) override { entry_.source = values.value("source", entry_.source); }

 private:
  std::string name_;
  Entry& entry_;
};

}  // namespace

void Set::add(const std::string& name, Entry entry) {
  if (entry.module == nullptr) { throw Error("[models] '" + name + "' was added without a module"); }
  if (entries_.contains(name)) { throw Error("[models] there are two networks named '" + name + "'; rename one"); }
  entries_[name] = std::move(entry);
}

const Entry& Set::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) { return found->second; }
  std::string known;
  for (const auto& [other, entry] : entries_) { known += (known.empty() ? "" : ", ") + other; }
  throw Error("[models] this run has no network '" + name + "'; it has: " + known);
}

void Set::note_source(const std::string& name, const std::string& source) {
  entry(name);
  entries_[name].source = source;
}

void Set::throw_wrong_type(const std::string& name) {
  throw Error("[models] network '" + name + "' is of another architecture than this stage needs; check the recipe");
}

std::vector<Part*> Set::parts() {
  std::vector<Part*> parts;
  for (auto& [name, entry] : entries_) {
    if (entry.frozen) { continue; }
    auto& part = parts_[name];
    if (part == nullptr) { part = std::make_unique<ModelPart>("model." + name, entry); }
    parts.push_back(part.get());
  }
  return parts;
}

std::string weights_sha256(const torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  Sha256 sha;
  for (const auto& [name, tensor] : named_tensors(module)) {
    // Names, dtypes and shapes are written with their ends marked, so that no two models make the same message.
    std::string head = name + '\n' + std::string(c10::toString(tensor.scalar_type()));
    for (const int64_t size : tensor.sizes()) { head += ' ' + std::to_string(size); }
    sha.update(head + '\n');
    const auto bytes = tensor.detach().to(torch::kCPU).contiguous();
    sha.update(bytes.const_data_ptr(), bytes.nbytes());
  }
  return hex(sha.finish());
}

}  // namespace realface::models
