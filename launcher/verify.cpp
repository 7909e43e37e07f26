#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "checkpoints/inspect.h"
#include "checkpoints/verify.h"
#include "data/inspection/inspect.h"
#include "launcher/commands.h"
#include "launcher/progress.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;
constexpr int64_t kMegabyte = 1'000'000;

std::vector<std::string> faults_of(const std::string& path) {
  Progress progress("MB");
  const auto show = [&](auto done, auto total) {
    progress.update(static_cast<int64_t>(done) / kMegabyte, static_cast<int64_t>(total) / kMegabyte);
  };
  if (!fs::exists(path)) { throw Error("[" + path + "] does not exist; name shards, a checkpoint or a run folder"); }
  if (checkpoints::is_checkpoint(path)) { return checkpoints::verify_checkpoint(path, show); }
  if (data::is_shards(path)) { return data::verify_shards(path, show); }
  throw Error("[" + path + "] holds neither shards nor checkpoints; there is nothing to verify");
}

void verify(const std::string& path) {
  const auto faults = faults_of(path);
  for (const auto& fault : faults) { std::cout << fault << '\n'; }
  if (!faults.empty()) {
    throw Error("[" + path + "] has " + std::to_string(faults.size()) + (faults.size() == 1 ? " fault" : " faults") +
                ", listed above; make it anew or bring it back from a copy");
  }
  std::cout << path << ": all that is read of it is as it was written\n";
}

}  // namespace

void add_verify(CLI::App& app) {
  auto path = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("verify", "Check all that is read of shards, of a checkpoint or of all checkpoints of a run");
  command->add_option("path", *path, "Folder or file to check")->required();
  command->callback([path] { verify(*path); });
}

}  // namespace realface::launcher
