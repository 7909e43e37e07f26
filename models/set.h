#pragma once

#include <torch/nn/module.h>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/state.h"

namespace realface::models {

struct Entry {
  std::shared_ptr<torch::nn::Module> module;
  bool frozen = false;      // never trained: checkpoints hold its digest, not its weights
  std::string source = {};  // "initialised from seed 7", or the file it was read from; kept in its checkpoints
  /// Of the files of other programs whose weights it, or what it was trained from, began with; of a trained network
  /// also those of the set's frozen ones, from which it learns. Kept in its checkpoints.
  std::set<std::string> licences = {};
  /// Another network of the same architecture with unset weights, for a copy to compute with; may be empty.
  std::function<std::shared_ptr<torch::nn::Module>()> again = {};
  /// Architecture, sizes, normalisation of pixels (models/weights/description.h): kept beside the weights in every
  /// checkpoint, so that they can be used without a recipe. Null: not described.
  nlohmann::json description = nullptr;
  std::string sha256 = {};  // of a frozen network, once it was asked for; the set's own business
};

/// The networks of a run, by name. Owns the modules; all are on the world's device, in fp32 (a stage makes its own bf16
/// copy). Every rank holds the same weights and buffers. Main thread.
class Set {
 public:
  /// Throws Error for a name that is taken, and for a network to be trained whose forward pass writes running
  /// statistics (torch's BatchNorm): each rank would have its own; use models::BatchNorm. Other buffers are constants
  /// or are updated alike on every rank: this is not checked.
  void add(const std::string& name, Entry entry);
  const Entry& entry(const std::string& name) const;  // throws Error if there is none of that name
  template <class Module>
  std::shared_ptr<Module> get(const std::string& name) const {
    auto module = std::dynamic_pointer_cast<Module>(entry(name).module);
    if (module == nullptr) { throw_wrong_type(name); }
    return module;
  }
  /// To be called after weights were read into the network, above all into a frozen one: its digest is then computed
  /// again. Licences are added to those that it has.
  void note_source(const std::string& name, const std::string& source, const std::set<std::string>& licences = {});
  const std::map<std::string, Entry>& entries() const { return entries_; }
  /// weights_sha256 of a network. That of a frozen one is computed once.
  std::string sha256(const std::string& name);
  /// One part a network. "model.NAME", of one that is trained: all parameters and buffers by name, position tables
  /// included, with its source and description. "frozen.NAME": no tensors, but {sha256, source, licences,
  /// description}; its restore() throws CheckpointError if the saved digest is another than the network's. Parts refer
  /// to the entries, which a move of the set does not relocate.
  std::vector<Part*> parts();

 private:
  [[noreturn]] static void throw_wrong_type(const std::string& name);
  void share_licences();
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::unique_ptr<Part>> parts_;
};

/// SHA-256 over names, shapes and bytes of all parameters and buffers, sorted by name (`weights_sha256`).
std::string weights_sha256(const torch::nn::Module& module);
std::string weights_sha256(const std::map<std::string, torch::Tensor>& tensors);

/// Everything a module holds, by name: parameters and buffers. They share the module's storage.
std::map<std::string, torch::Tensor> named_tensors(const torch::nn::Module& module);

}  // namespace realface::models
