#include "stages/training/frozen.h"

#include <filesystem>

#include "stages/training/saved.h"
#include "stages/training/weights.h"

namespace realface::stages {

void add_frozen(models::Set& set, const std::string& path, const std::string& name, torch::Device device,
                distributed::Communicator& host, const MakeNetwork& make) {
  if (path.empty()) { return; }
  // Chosen and verified once; a path that is no folder is refused by what reads it.
  const auto folder = checkpoint_folder(path, host);
  const auto weights = folder.empty() ? std::filesystem::path(path) : folder;
  auto description = saved_description(weights, name, host);
  const auto module = make(description);
  module->to(device);
  module->eval();
  set.add(name, {.module = module, .frozen = true, .description = std::move(description)});
  load_weights(weights, set, name, host, {.saved = name});
}

}  // namespace realface::stages
