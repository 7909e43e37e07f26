#include "launcher/network_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "configs/run_folder.h"
#include "launcher/licence.h"
#include "models/exporting/export.h"
#include "models/weights/torch_save/saving.h"
#include "stages/training/frozen.h"
#include "stages/training/saved.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;

/// The checkpoint that is meant: the one that is named, or the newest of a finished run.
fs::path meant_checkpoint(const std::string& run, distributed::Communicator& host) {
  const auto folder = stages::checkpoint_folder(run, host);
  if (folder.empty()) {
    throw Error(fmt::format(
        "[{}] is no folder; expected the run folder of a trained stage, or a checkpoint of it (step-N)", run));
  }
  if (folder != fs::path(run) && !configs::has_finished(run)) {
    throw Error(
        fmt::format("[{}] is not finished; finish it, or name the checkpoint that is meant: {}", run, folder.string()));
  }
  return folder;
}

std::string meant_network(const fs::path& folder, const std::string& asked, distributed::Communicator& host) {
  const auto names = stages::saved_networks(folder, host);
  if (names.empty()) {
    throw Error(
        fmt::format("[{}] holds no trained network; give the run of a stage that trained one", folder.string()));
  }
  if (asked.empty() && names.size() == 1) { return names.front(); }
  if (std::ranges::find(names, asked) != names.end()) { return asked; }
  const auto fault = asked.empty() ? "holds several networks; choose with --network"
                                   : fmt::format("holds no network '{}'; --network takes", asked);
  throw UsageError(fmt::format("[{}] {}: {}", folder.string(), fault, fmt::join(names, ", ")));
}

/// transformers looks for the file beside the weights. One that describes another network is not overwritten.
fs::path config_path(const fs::path& out, const std::string& text) {
  const auto path = out.parent_path() / "config.json";
  if (fs::exists(path) && read_file(path) != text) {
    throw Error(fmt::format("[{}] is of another network; give --out a folder of its own", path.string()));
  }
  return path;
}

void write(const NetworkExport& options, const models::Exported& exported) {
  const auto text = exported.config.dump(2) + "\n";
  const auto config = exported.config.is_null() ? fs::path() : config_path(options.out, text);
  if (options.target == "torch") {
    models::torch_save::save(options.out, exported.file.tensors, exported.file.metadata);
  } else {
    models::write_tensor_file(options.out, exported.file);
  }
  if (!config.empty()) { publish_file(config, text); }
}

}  // namespace

void export_network(const NetworkExport& options, distributed::World& world) {
  auto& host = world.host_group();
  const auto folder = meant_checkpoint(options.run, host);
  const auto name = meant_network(folder, options.network, host);
  models::Set set;
  stages::add_frozen(set, folder, name, torch::kCPU, host);
  const auto& entry = set.entry(name);
  auto exported = models::export_weights(models::named_tensors(*entry.module), entry.description, options.target);
  const auto made = stages::saved_provenance(folder, name, host);
  auto& metadata = exported.file.metadata;
  metadata["format"] = "pt";
  metadata["exported_from"] =
      fmt::format("{} at step {}, weights_sha256 {}", name, made.at("step").get<int64_t>(), set.sha256(name));
  for (const char* key : {"dataset_digest", "code_version"}) { metadata[key] = made.at(key).get<std::string>(); }
  const auto licence = fmt::format("{}", fmt::join(entry.licences, "; "));
  if (!licence.empty()) { metadata["license"] = licence; }
  write(options, exported);
  std::cout << fmt::format("exported      {} tensors of '{}' for {}\n", exported.file.tensors.size(), name,
                           options.target);
  if (!exported.python.empty()) { std::cout << "taken by      " << exported.python << '\n'; }
  std::cout << licence_line(licence) << options.out << '\n';
}

}  // namespace realface::launcher
