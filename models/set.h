#pragma once

#include <torch/nn/module.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/state.h"

namespace realface::models {

struct Entry {
  std::shared_ptr<torch::nn::Module> module;
  bool frozen = false;  // optimizer, reducer and saver pass it by; recorded by digest
  std::string source;   // "initialised from seed 7", or the file it was read from; kept in its checkpoints
};

/// The networks of a run, by name. Owns the modules; all are on the world's device, in fp32 (a stage makes its own bf16
/// copy).
class Set {
 public:
  void add(const std::string& name, Entry entry);
  const Entry& entry(const std::string& name) const;  // throws Error where there is none of that name
  template <class Module>
  std::shared_ptr<Module> get(const std::string& name) const {
    auto module = std::dynamic_pointer_cast<Module>(entry(name).module);
    if (module == nullptr) { throw_wrong_type(name); }
    return module;
  }
  void note_source(const std::string& name, const std::string& source);  // after weights were read into the network
  const std::map<std::string, Entry>& entries() const { return entries_; }
  /// One part a network that is not frozen, "model.<name>": all parameters and buffers by name, pos tables included.
  /// Parts refer to the entries, which stay where they are when the set is moved.
  std::vector<Part*> parts();

 private:
  [[noreturn]] static void throw_wrong_type(const std::string& name);
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::unique_ptr<Part>> parts_;
};

/// SHA-256 over names, shapes and bytes of all parameters and buffers, sorted by name (`weights_sha256`).
std::string weights_sha256(const torch::nn::Module& module);

}  // namespace realface::models
