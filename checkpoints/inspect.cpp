#include "checkpoints/inspect.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <sstream>

#include "base/error.h"
#include "base/sha256.h"
#include "base/tensor_dtypes.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/manifest.h"
#include "checkpoints/saving/rank_file.h"
#include "checkpoints/verify.h"

namespace realface::checkpoints {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::json;
using Pieces = std::map<std::string, std::vector<const PieceRecord*>>;  // by tensor name

constexpr const char* kModelPrefix = "model.";

int64_t elements(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) { count *= dimension; }
  return count;
}

/// The message that models::weights_sha256 digests.
std::string weights_digest(const fs::path& folder, const Manifest& manifest, const Pieces& tensors) {
  Sha256 sha;
  for (auto [name, pieces] : tensors) {
    std::string head = name + '\n' + c10::toString(dtype_of(pieces[0]->dtype));
    for (const int64_t size : pieces[0]->global_shape) { head += ' ' + std::to_string(size); }
    sha.update(head + '\n');
    std::sort(pieces.begin(), pieces.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
    for (const auto* piece : pieces) {
      const auto data = read_piece(folder, manifest, *piece);
      sha.update(data.const_data_ptr(), data.nbytes());
    }
  }
  return hex(sha.finish());
}

Json describe_models(const fs::path& folder, const Manifest& manifest, Json& report) {
  std::map<std::string, Pieces> models;
  Pieces all;
  for (const auto& piece : manifest.pieces) {
    if (!piece.part.starts_with(kModelPrefix)) { continue; }
    const auto model = piece.part.substr(std::string(kModelPrefix).size());
    models[model][piece.name].push_back(&piece);
    all[model + "." + piece.name].push_back(&piece);
  }
  Json described = Json::object();
  int64_t total = 0;
  for (const auto& [model, tensors] : models) {
    int64_t count = 0;
    for (const auto& [name, pieces] : tensors) { count += elements(pieces[0]->global_shape); }
    described[model] = {{"parameters", count}, {"weights_sha256", weights_digest(folder, manifest, tensors)}};
    total += count;
  }
  report["parameters"] = total;
  report["weights_sha256"] = described.size() == 1 ? described.front().at("weights_sha256").get<std::string>()
                                                   : weights_digest(folder, manifest, all);
  return described;
}

Json describe_parts(const Manifest& manifest) {
  Json parts = Json::object();
  for (const auto& [part, values] : manifest.values) {
    parts[part] = {{"tensors", 0}, {"bytes", 0}, {"values", values}};
    // A sampler's cursor is worth showing, a bucket layout of a thousand names is not.
    if (values.dump().size() > 2000) { parts[part].erase("values"); }
  }
  for (const auto& piece : manifest.pieces) {
    auto& part = parts[piece.part];
    part["tensors"] = part["tensors"].get<int64_t>() + (piece.offset == 0 ? 1 : 0);
    part["bytes"] = part["bytes"].get<uint64_t>() + piece.end - piece.begin;
  }
  return parts;
}

/// The newest folder whose manifest can be read; the last complaint where none can.
std::pair<fs::path, Manifest> newest_readable(const std::vector<fs::path>& folders) {
  std::string complaint;
  for (const auto& folder : folders) {
    try {
      return {folder, read_manifest(folder)};
    } catch (const Error& error) { complaint = error.what(); }
  }
  throw CheckpointError(complaint);
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

std::string utc(double seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

}  // namespace

bool is_checkpoint(const fs::path& path) {
  const Folder run(path);
  std::error_code ignored;
  if (fs::is_directory(run.root(), ignored)) { return !run.steps().empty(); }
  return fs::is_directory(path, ignored) && step_of(fs::absolute(path).lexically_normal().filename().string()) >= 0;
}

Json inspect_checkpoint(const fs::path& path) {
  const auto folders = checkpoint_folders(path);
  const bool is_run = folders[0] != path;
  const auto [folder, manifest] = newest_readable(folders);
  Json report = {{"kind", is_run ? "run" : "checkpoint"},
                 {"path", path.string()},
                 {"checkpoint", folder.string()},
                 {"step", manifest.step},
                 {"world_size", manifest.world_size},
                 {"saved_at", manifest.saved_at},
                 {"bytes", manifest.bytes()},
                 {"config", manifest.provenance.config},
                 {"config_sha256", sha256_hex(manifest.provenance.config.dump())},
                 {"dataset_digest", manifest.provenance.dataset_digest},
                 {"code_version", manifest.provenance.code_version},
                 {"seed", manifest.provenance.seed}};
  if (is_run) { report["steps"] = Folder(path).steps(); }
  report["parts"] = describe_parts(manifest);
  report["models"] = describe_models(folder, manifest, report);
  return report;
}

std::string checkpoint_text(const Json& report) {
  std::ostringstream text;
  if (report.at("kind") == "run") { text << "run with checkpoints at steps " << report.at("steps").dump() << "\n"; }
  text << "checkpoint      " << report.at("checkpoint").get<std::string>() << "\n"
       << "step            " << report.at("step") << ", saved " << utc(report.at("saved_at").get<double>()) << " by "
       << report.at("world_size") << (report.at("world_size") == 1 ? " rank\n" : " ranks\n") << "parameters      "
       << grouped(report.at("parameters").get<int64_t>()) << "\n"
       << "weights_sha256  " << report.at("weights_sha256").get<std::string>() << "\n"
       << "made by         version " << report.at("code_version").get<std::string>() << ", seed " << report.at("seed")
       << "\n"
       << "dataset         " << report.at("dataset_digest").get<std::string>() << "\n";
  for (const auto& [name, part] : report.at("parts").items()) {
    text << "part            " << name << ": " << part.at("tensors") << " tensors, "
         << grouped(part.at("bytes").get<int64_t>()) << " bytes\n";
  }
  text << "configuration   " << report.at("config").dump(2) << "\n";
  return text.str();
}

}  // namespace realface::checkpoints
