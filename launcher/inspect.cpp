#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/safetensors.h"
#include "checkpoints/inspect.h"
#include "data/inspection/inspect.h"
#include "data/inspection/leaks.h"
#include "launcher/batch_file.h"
#include "launcher/commands.h"
#include "stages/detect/detector_file.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct InspectOptions {
  std::string path;
  bool json = false, leaks = false, sbi = false;
  std::string sheet;
  int64_t batch = 0;  // 0: not asked for
  std::string out;
};

/// Beside the reader, never in the dataset, which is sealed.
constexpr const char* kSheetName = "contact-sheet.png";

void inspect_leaks(const InspectOptions& options) {
  if (!data::is_shards(options.path)) {
    throw UsageError("[inspect] --leaks is about shards; [" + options.path + "] is neither a folder of them nor one");
  }
  const Json leaks = data::find_leaks(options.path);
  std::cout << (options.json ? leaks.dump(2) + "\n" : data::leaks_text(leaks));
}

void inspect_dataset(const InspectOptions& options) {
  const Json facts = data::inspect_shards(options.path);
  std::cout << (options.json ? facts.dump(2) + "\n" : data::inspect_text(facts));
  if (options.json && options.sheet.empty()) { return; }
  const fs::path sheet = options.sheet.empty() ? kSheetName : options.sheet;
  data::write_contact_sheet(options.path, sheet, options.sbi ? data::Sheet::self_blended : data::Sheet::stored);
  if (!options.json) { std::cout << "contact sheet   " << fs::absolute(sheet).string() << '\n'; }
}

Json safetensors_facts(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const auto size = static_cast<uint64_t>(fs::file_size(path));
  std::string start(8, '\0');
  file.read(start.data(), 8);
  start.resize(static_cast<size_t>(file.gcount()));
  const auto needed = safetensors::header_bytes(start, size, path.string());
  start.resize(needed);
  file.seekg(0);
  file.read(start.data(), static_cast<std::streamsize>(needed));
  const auto header = safetensors::parse_header(start, size, path.string());
  Json facts = {{"kind", "safetensors"}, {"path", path.string()}, {"bytes", size}, {"metadata", header.metadata}};
  uint64_t parameters = 0;
  for (const auto& tensor : header.tensors) {
    parameters += tensor.bytes() / safetensors::element_bytes(tensor.dtype);
    facts["tensors"][tensor.name] = {{"dtype", tensor.dtype}, {"shape", tensor.shape}};
  }
  facts["parameters"] = parameters;
  if (auto detector = stages::detector_facts(header.metadata, path.string()); !detector.is_null()) {
    facts["kind"] = "detector";
    facts["metadata"] = std::move(detector);
  }
  return facts;
}

bool is_run(const fs::path& path) {
  return fs::exists(path / "metrics.jsonl") || fs::exists(path / "config.yaml") || fs::exists(path / "checkpoints");
}

void inspect(const InspectOptions& options) {
  const fs::path path = options.path;
  if (!fs::exists(path)) {
    throw Error("[" + options.path + "] does not exist; name shards, a checkpoint or a run folder");
  }
  if (options.batch > 0) {
    if (options.out.empty()) { throw UsageError("[inspect] --batch needs --out FILE, a safetensors file to write"); }
    write_batch(path, options.batch, options.out);
  } else if (options.leaks) {
    inspect_leaks(options);
  } else if (checkpoints::is_checkpoint(path)) {
    const Json facts = checkpoints::inspect_checkpoint(path);
    std::cout << (options.json ? facts.dump(2) + "\n" : checkpoints::checkpoint_text(facts));
  } else if (data::is_shards(path)) {
    inspect_dataset(options);
  } else if (path.extension() == ".safetensors") {
    std::cout << safetensors_facts(path).dump(2) << '\n';
  } else if (fs::is_directory(path) && is_run(path)) {
    throw Error("[" + options.path +
                "] is the folder of a run that has no checkpoint yet; its log.txt says how far it is");
  } else {
    throw Error(
        "[" + options.path +
        "] is nothing that realface wrote; it reads a folder of shards (with manifest.json), a .h5 shard, a checkpoint (step-N), the folder of a run, or a .safetensors file");
  }
}

}  // namespace

void add_inspect(CLI::App& app) {
  auto options = std::make_shared<InspectOptions>();
  auto* command = app.add_subcommand("inspect", "Say what shards, a checkpoint or a run folder hold");
  command->add_option("path", options->path, "Folder or file to look at")->required();
  command->add_flag("--json", options->json, "Print one JSON object instead of text");
  command->add_option(
      "--sheet", options->sheet,
      "Where the contact sheet of shards goes (default: contact-sheet.png in this folder; with --json none is drawn unless named)");
  command->add_flag("--sbi", options->sbi,
                    "Draw the real faces blended onto themselves, as pseudo-fakes are made of them");
  command->add_flag("--leaks", options->leaks,
                    "Instead, whether fakes can be told from reals by the sizes of their files and pictures alone");
  command->add_option("--batch", options->batch, "Of a run folder: write the batch of this update, counted from 1")
      ->check(CLI::PositiveNumber);
  command->add_option("--out", options->out, "The safetensors file that --batch writes");
  command->callback([options] { inspect(*options); });
}

}  // namespace realface::launcher
