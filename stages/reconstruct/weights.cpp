#include "stages/reconstruct/weights.h"

#include <map>

#include "base/error.h"
#include "base/log.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/layout.h"
#include "checkpoints/format/manifest.h"
#include "checkpoints/restore.h"
#include "checkpoints/verify.h"
#include "distributed/agreement.h"

namespace realface::stages {
namespace {

void require_same_networks(const std::filesystem::path& folder, const checkpoints::Manifest& manifest,
                           const std::vector<checkpoints::OwnedSlice>& slices) {
  std::map<std::string, const checkpoints::PieceRecord*> saved;
  for (const auto& piece : manifest.pieces) { saved[piece.key()] = &piece; }
  for (const auto& owned : slices) {
    const auto found = saved.find(owned.key());
    if (found != saved.end() && found->second->global_shape == owned.slice.global_shape) { continue; }
    throw CheckpointError("[" + folder.string() + "] holds " +
                          (found == saved.end() ? "no " + owned.key() : owned.key() + " of another shape") +
                          ", so it is of another network; use the configuration that it was trained with");
  }
}

int64_t newest_sound_step(const std::filesystem::path& run_dir) {
  const checkpoints::Folder checkpoint_folder(run_dir);
  for (const int64_t step : checkpoint_folder.steps()) {
    const auto folder = checkpoint_folder.step(step);
    const auto faults = checkpoints::folder_faults(folder);
    if (faults.empty()) { return step; }
    const std::string name = folder.string();  // an lvalue: GCC 12 warns of "[" + a temporary
    log::warn("[" + name + "] is passed by: " + faults.front());
  }
  throw CheckpointError("[" + run_dir.string() +
                        "] holds no sound checkpoint; expected one in its folder checkpoints/; train first");
}

/// verify: this rank has not yet looked at the bytes of the files.
LoadedWeights load_step(const std::filesystem::path& run_dir, int64_t step, models::Set& set, bool verify) {
  const auto folder = checkpoints::Folder(run_dir).step(step);
  if (verify) {
    if (const auto faults = checkpoints::folder_faults(folder); !faults.empty()) {
      throw CheckpointError(faults.front());
    }
  }
  const auto slices = checkpoints::all_slices(set.parts());
  const auto manifest = checkpoints::read_manifest(folder);
  require_same_networks(folder, manifest, slices);
  checkpoints::load_tensors(folder, manifest, slices);
  return {step, manifest.provenance.dataset_digest, manifest.provenance.code_version};
}

}  // namespace

LoadedWeights load_newest_weights(const std::filesystem::path& run_dir, models::Set& set,
                                  distributed::Communicator& host) {
  std::string step;
  distributed::agree(host, "reconstruct", [&] {
    if (host.rank() == 0) { step = std::to_string(newest_sound_step(run_dir)); }
  });
  step = distributed::broadcast_string(host, step);
  LoadedWeights loaded;
  distributed::agree(host, "reconstruct",
                     [&] { loaded = load_step(run_dir, std::stoll(step), set, host.rank() != 0); });
  return loaded;
}

}  // namespace realface::stages
