#include "models/set.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/sha256.h"
#include "models/layers/batch_norm.h"

namespace realface::models {
namespace {

using Json = nlohmann::json;

/// Those that a checkpoint says, besides those that the entry has.
void take_licences(const Json& values, Entry& entry) {
  entry.licences.merge(values.value("licences", std::set<std::string>()));
}

/// The weights of one network, where they came from at the beginning, and what they are weights of.
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
  Json values() const override {
    return {{"source", entry_.source}, {"licences", entry_.licences}, {"description", entry_.description}};
  }
  void restore(const Json& values) override {
    entry_.source = values.value("source", entry_.source);
    take_licences(values, entry_);
  }

 private:
  std::string name_;
  Entry& entry_;
};

const std::string& frozen_sha256(Entry& entry) {
  if (entry.sha256.empty()) { entry.sha256 = weights_sha256(*entry.module); }
  return entry.sha256;
}

/// A network that is never trained: too large to be saved again and again, but a run must go on with the same one.
class FrozenPart : public Part {
 public:
  FrozenPart(std::string network, Entry& entry) : network_(std::move(network)), entry_(entry) {}
  std::string part_name() const override { return "frozen." + network_; }
  std::vector<Slice> tensors() const override { return {}; }
  Json values() const override {
    return {{"sha256", frozen_sha256(entry_)},
            {"source", entry_.source},
            {"licences", entry_.licences},
            {"description", entry_.description}};
  }
  void restore(const Json& values) override {
    const auto saved = values.value("sha256", "");
    take_licences(values, entry_);
    if (saved == frozen_sha256(entry_)) { return; }
    throw CheckpointError(
        fmt::format(
            "[models] the frozen network '{}' has other weights than when the checkpoint was saved: weights_sha256 {} ({}) then, {} ({}) now; give the run the weights that it had, or start another run",
            network_, saved, values.value("source", "an unknown place"), entry_.sha256, entry_.source),
        ExitCode::config);
  }

 private:
  std::string network_;
  Entry& entry_;
};

/// What a forward pass writes would differ from rank to rank, and be saved as if it were equal.
void refuse_running_statistics(const std::string& network, const torch::nn::Module& module) {
  for (const auto& layer : module.modules()) {
    if (dynamic_cast<const BatchNorm*>(layer.get()) != nullptr) { continue; }
    for (const auto& buffer : layer->named_buffers(/*recurse=*/false)) {
      if (!buffer.key().starts_with("running_")) { continue; }
      throw Error(fmt::format(
          "[models] network '{}' is to be trained, and its layer {} keeps '{}', which would differ between ranks; use models::BatchNorm",
          network, layer->name(), buffer.key()));
    }
  }
}

}  // namespace

void Set::add(const std::string& name, Entry entry) {
  if (entry.module == nullptr) { throw Error(fmt::format("[models] '{}' was added without a module", name)); }
  if (entries_.contains(name)) {
    throw Error(fmt::format("[models] there are two networks named '{}'; rename one", name));
  }
  if (!entry.frozen) { refuse_running_statistics(name, *entry.module); }
  entry.sha256.clear();
  entries_[name] = std::move(entry);
  share_licences();
}

void Set::share_licences() {
  std::set<std::string> shared;
  for (const auto& [name, entry] : entries_) {
    if (entry.frozen) { shared.insert(entry.licences.begin(), entry.licences.end()); }
  }
  for (auto& [name, entry] : entries_) {
    if (!entry.frozen) { entry.licences.insert(shared.begin(), shared.end()); }
  }
}

const Entry& Set::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found != entries_.end()) { return found->second; }
  std::string known;
  for (const auto& [other, entry] : entries_) { known += (known.empty() ? "" : ", ") + other; }
  throw Error(fmt::format("[models] this run has no network '{}'; it has: {}", name, known));
}

void Set::note_source(const std::string& name, const std::string& source, const std::set<std::string>& licences) {
  entry(name);
  auto& found = entries_[name];
  found.source = source;
  found.licences.insert(licences.begin(), licences.end());
  found.sha256.clear();
  share_licences();
}

std::string Set::sha256(const std::string& name) {
  entry(name);
  auto& found = entries_[name];
  return found.frozen ? frozen_sha256(found) : weights_sha256(*found.module);
}

void Set::throw_wrong_type(const std::string& name) {
  throw Error("[models] network '" + name + "' is of another architecture than this stage needs; check the recipe");
}

std::vector<Part*> Set::parts() {
  std::vector<Part*> parts;
  for (auto& [name, entry] : entries_) {
    auto& part = parts_[name];
    if (part == nullptr && entry.frozen) { part = std::make_unique<FrozenPart>(name, entry); }
    if (part == nullptr) { part = std::make_unique<ModelPart>("model." + name, entry); }
    parts.push_back(part.get());
  }
  return parts;
}

std::map<std::string, torch::Tensor> named_tensors(const torch::nn::Module& module) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& item : module.named_parameters()) { tensors[item.key()] = item.value(); }
  for (const auto& item : module.named_buffers()) { tensors[item.key()] = item.value(); }
  return tensors;
}

std::string weights_sha256(const torch::nn::Module& module) { return weights_sha256(named_tensors(module)); }

std::string weights_sha256(const std::map<std::string, torch::Tensor>& tensors) {
  const torch::NoGradGuard no_grad;
  Sha256 sha;
  for (const auto& [name, tensor] : tensors) {
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
