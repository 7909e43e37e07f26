#include "checkpoints/saving/commit.h"

#include <algorithm>
#include <map>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "checkpoints/failpoint.h"
#include "checkpoints/saving/output_file.h"
#include "checkpoints/verify.h"

namespace realface::checkpoints {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void incomplete(const std::string& key, const std::string& what) {
  throw CheckpointError("[checkpoints] tensor " + key + " " + what +
                        "; the ranks do not list the same state: mend the part that lists it");
}

/// Rows must follow one another from the first to the last.
void check_whole(const std::string& key, std::vector<const PieceRecord*> pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
  for (const auto* piece : pieces) {
    if (piece->global_shape != pieces[0]->global_shape || piece->dtype != pieces[0]->dtype) {
      incomplete(key, "has another shape or dtype on another rank");
    }
  }
  if (pieces[0]->replicated && pieces.size() > 1) { incomplete(key, "was written twice"); }
  if (pieces[0]->global_shape.empty()) { return; }
  int64_t next = 0;
  for (const auto* piece : pieces) {
    if (piece->shape[0] == 0) { continue; }
    if (piece->offset != next) { incomplete(key, "has rows that were written twice or not at all"); }
    next += piece->shape[0];
  }
  if (next != pieces[0]->global_shape[0]) { incomplete(key, "has rows that were not written"); }
}

void write_manifest(const fs::path& folder, const Manifest& manifest) {
  const std::string text = encode(manifest);
  OutputFile file(folder / kManifestName);
  file.write(text.data(), text.size() / 2);
  failpoint("checkpoint.manifest");
  file.write(text.data() + text.size() / 2, text.size() - text.size() / 2);
  file.sync();
}

/// A damaged checkpoint of the same step, which a resume passed by, is kept beside the new one for whoever wants to
/// know what happened to it.
void set_aside(const Folder& folder, int64_t step) {
  if (!fs::exists(folder.step(step))) { return; }
  int number = 1;
  const auto aside = [&] { return fs::path(folder.step(step).string() + ".damaged-" + std::to_string(number)); };
  while (fs::exists(aside())) { ++number; }
  fs::rename(folder.step(step), aside());
  log::warn(subject_of(folder.step(step)) + " was there already; it is now " + aside().filename().string());
}

void hint_latest(const Folder& folder, int64_t step) {
  try {
    publish_file(folder.root() / "latest", folder.step(step).filename().string() + "\n");
  } catch (const Error& error) {
    log::warn(error.what());  // nothing reads it but people
  }
}

}  // namespace

void assemble(Manifest& manifest, const std::vector<std::string>& reports) {
  for (const auto& text : reports) {
    auto report = report_from_json(nlohmann::json::parse(text));
    manifest.files.push_back(std::move(report.file));
    for (auto& piece : report.pieces) { manifest.pieces.push_back(std::move(piece)); }
  }
  std::sort(manifest.pieces.begin(), manifest.pieces.end(), [](const PieceRecord& a, const PieceRecord& b) {
    return std::make_tuple(a.key(), a.offset, a.file) < std::make_tuple(b.key(), b.offset, b.file);
  });
  std::map<std::string, std::vector<const PieceRecord*>> by_key;
  for (const auto& piece : manifest.pieces) { by_key[piece.key()].push_back(&piece); }
  for (const auto& [key, pieces] : by_key) { check_whole(key, pieces); }
}

void commit(const Folder& folder, const Manifest& manifest, std::set<int64_t>& verified) {
  const fs::path temporary = folder.temporary(manifest.step);
  const fs::path final_place = folder.step(manifest.step);
  write_manifest(temporary, manifest);
  failpoint("checkpoint.manifest_synced");
  sync_path(temporary);
  failpoint("checkpoint.folder_synced");
  set_aside(folder, manifest.step);
  publish_rename(temporary, final_place);
  failpoint("checkpoint.renamed");
  const auto faults = folder_faults(final_place);
  if (!faults.empty()) {
    throw CheckpointError(subject_of(final_place) + " was written, but reads back differently: " + faults[0] +
                          "; the disk is not to be trusted, write somewhere else");
  }
  verified.insert(manifest.step);
  hint_latest(folder, manifest.step);
  failpoint("checkpoint.latest");
}

void prune(const Folder& folder, int keep, std::set<int64_t>& verified) {
  int good = 0;
  for (const int64_t step : folder.steps()) {
    if (good >= std::max(2, keep)) {
      folder.remove(step);
      verified.erase(step);
    } else if (verified.contains(step) || folder_faults(folder.step(step)).empty()) {
      verified.insert(step);
      ++good;
    }
  }
}

}  // namespace realface::checkpoints
