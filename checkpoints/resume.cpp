#include "checkpoints/resume.h"

#include <nlohmann/json.hpp>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "checkpoints/compatibility.h"
#include "checkpoints/restore.h"
#include "checkpoints/verify.h"
#include "distributed/agreement.h"

namespace realface::checkpoints {
namespace {

using Json = nlohmann::json;

/// Rank 0 looks at the folder for all: what others see of a network file system may be older.
std::vector<int64_t> agreed_steps(const Folder& folder, distributed::Communicator& host) {
  std::vector<int64_t> steps;
  distributed::agree(host, "checkpoints", [&] {
    if (host.rank() != 0) { return; }
    for (const auto& name : folder.sweep()) {
      log::info(subject_of(folder.root()) + " removed " + name + ", left by an interrupted save");
    }
    steps = folder.steps();
  });
  return Json::parse(distributed::broadcast_string(host, Json(steps).dump())).get<std::vector<int64_t>>();
}

/// Why some rank cannot use the checkpoint: the first complaint in rank order, "" where there is none. Collective.
std::string first_fault(distributed::Communicator& host, const std::string& mine) {
  for (const auto& fault : distributed::gather_strings(host, mine)) {
    if (!fault.empty()) { return fault; }
  }
  return "";
}

/// Runs `work` and returns what it threw, as text. A checkpoint of another version is no fault of its own: that is
/// thrown.
template <class Work>
std::string fault_of(const Work& work) {
  try {
    work();
    return "";
  } catch (const VersionError&) {
    throw;  // on all ranks, since all of them decode the same text
  } catch (const std::exception& error) { return error.what(); }
}

std::string read_on_root(const Folder& folder, int64_t step, distributed::Communicator& host, Manifest& manifest) {
  std::string text;
  const auto path = folder.step(step) / kManifestName;
  std::string fault = fault_of([&] {
    if (host.rank() == 0) { text = read_file(path); }
  });
  fault = first_fault(host, fault);
  if (!fault.empty()) { return fault; }
  text = distributed::broadcast_string(host, text);
  return first_fault(host, fault_of([&] {
                       manifest = decode(text, path.string());
                       check_step(manifest, folder.step(step));
                     }));
}

std::string verify_together(const std::filesystem::path& folder, const Manifest& manifest,
                            distributed::Communicator& host) {
  std::string fault;
  for (size_t i = 0; i < manifest.files.size() && fault.empty(); ++i) {
    if (i % static_cast<size_t>(host.size()) == static_cast<size_t>(host.rank())) {
      fault = file_fault(folder, manifest.files[i]);
    }
  }
  return first_fault(host, fault);
}

/// Restores one checkpoint, or says why not. Throws where it is sound but of another run.
std::string try_restore(const Folder& folder, int64_t step, distributed::Communicator& host,
                        const Provenance& provenance, const std::vector<Part*>& parts) {
  Manifest manifest;
  std::string fault = read_on_root(folder, step, host, manifest);
  if (!fault.empty()) { return fault; }
  const auto place = folder.step(step);
  fault = verify_together(place, manifest, host);
  if (!fault.empty()) { return fault; }
  distributed::agree(host, "checkpoints", [&] { check_compatible(place.string(), manifest, provenance, parts); });
  fault = first_fault(host, fault_of([&] { load_tensors(place, manifest, all_slices(parts)); }));
  if (!fault.empty()) { return fault; }
  distributed::agree(host, "checkpoints", [&] {
    for (Part* part : parts) { part->restore(manifest.values.at(part->part_name())); }
  });
  if (manifest.provenance.code_version != provenance.code_version) {
    log::info(subject_of(place) + " was written by version " + manifest.provenance.code_version);
  }
  if (manifest.world_size != host.size()) {
    log::info(subject_of(place) + " was written by " + std::to_string(manifest.world_size) + " ranks");
  }
  return "";
}

}  // namespace

std::optional<int64_t> resume_newest(const Folder& folder, distributed::Communicator& host,
                                     const Provenance& provenance, const std::vector<Part*>& parts,
                                     std::set<int64_t>& verified) {
  std::string reasons;
  for (const int64_t step : agreed_steps(folder, host)) {
    const auto fault = try_restore(folder, step, host, provenance, parts);
    if (fault.empty()) {
      verified.insert(step);
      return step;
    }
    telemetry::counter("checkpoint_verify_failures_total").add(1);
    if (host.rank() == 0) { log::warn("step " + std::to_string(step) + " is passed by: " + fault); }
    reasons += (reasons.empty() ? "" : "; ") + fault;
  }
  if (reasons.empty()) { return std::nullopt; }
  // Starting over would bury what may still be saved by hand.
  throw CheckpointError(subject_of(folder.root()) + " holds checkpoints, but none that is sound: " + reasons +
                        "; bring one back from a copy, or move the folder away to start over");
}

}  // namespace realface::checkpoints
