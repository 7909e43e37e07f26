#include "stages/training/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "checkpoints/format/layout.h"
#include "checkpoints/format/manifest.h"
#include "checkpoints/restore.h"
#include "distributed/agreement.h"
#include "models/weights/tensor_file.h"
#include "models/weights/translation.h"
#include "stages/training/saved.h"

namespace realface::stages {
namespace {

namespace fs = std::filesystem;
using models::bare_name;
using models::of_classifier;
using models::of_decoder;
using models::Tensors;
using Shapes = std::map<std::string, std::vector<int64_t>>;

constexpr size_t kShown = 6;

/// What a classifier has no use for.
bool not_of_encoder(const std::string& full_name) {
  const auto name = bare_name(full_name);
  return of_decoder(name) || of_classifier(name) || name.starts_with("norm.");
}

/// The names of a network's tensors by their bare ones: a classifier's `blocks.0...` is an autoencoder of clips'
/// `encoder.blocks.0...`.
std::map<std::string, std::string> by_bare_name(const Shapes& network) {
  std::map<std::string, std::string> names;
  for (const auto& [name, shape] : network) { names[bare_name(name)] = name; }
  return names;
}

/// What the network calls a saved tensor.
std::string own_name(const std::string& saved, const std::map<std::string, std::string>& own) {
  const auto found = own.find(bare_name(saved));
  return found == own.end() ? bare_name(saved) : found->second;
}

Shapes shapes_of(const Tensors& tensors) {
  Shapes shapes;
  for (const auto& [name, tensor] : tensors) { shapes[name] = tensor.sizes().vec(); }
  return shapes;
}

/// Whether a saved tensor is a last layer's that this network lacks, or that is not wanted, or a counter of PyTorch's
/// norms.
bool of_no_use(const std::string& name, const Shapes& network, const WeightsPart& part) {
  if (network.contains(name)) { return part.headless && of_classifier(name); }
  return of_classifier(name) || name.ends_with(".num_batches_tracked");
}

using MayLack = bool (*)(const std::string& name);
bool nothing(const std::string& /*name*/) { return false; }

/// How saved weights and the network differ, a line each. may_lack: names that need not be among the saved ones.
std::vector<std::string> differences(const Shapes& saved, const Shapes& network, MayLack may_lack) {
  std::vector<std::string> lines;
  for (const auto& [name, shape] : network) {
    const auto found = saved.find(name);
    if (found == saved.end()) {
      if (!may_lack(name)) { lines.push_back(name + " is missing"); }
    } else if (found->second != shape) {
      lines.push_back(
          fmt::format("{} is {} there and {} here", name, fmt::join(found->second, "x"), fmt::join(shape, "x")));
    }
  }
  for (const auto& [name, shape] : saved) {
    if (!network.contains(name)) { lines.push_back(name + " is unknown"); }
  }
  return lines;
}

void require_none(const fs::path& path, const std::vector<std::string>& lines) {
  if (lines.empty()) { return; }
  auto message =
      fmt::format("[{}] does not fit this network; expected weights of the same model.* keys:", path.string());
  for (size_t i = 0; i < std::min(kShown, lines.size()); ++i) { message += "\n  " + lines[i]; }
  if (lines.size() > kShown) { message += fmt::format("\n  and {} more", lines.size() - kShown); }
  throw Error(message);
}

// --- Files -----------------------------------------------------------------------------------------------------------

/// Is this what one rank wrote of a checkpoint?
bool is_rank_file(const fs::path& path, const Tensors& file) {
  return fs::exists(path.parent_path() / checkpoints::kManifestName) ||
         std::any_of(file.begin(), file.end(), [](const auto& item) {
           return item.first.starts_with("model.") && item.first.find('/') != std::string::npos;
         });
}

/// The network's tensors, which must all be there: ranks share the writing.
Tensors whole_network(const fs::path& path, const Tensors& file, const WeightsPart& part, const Shapes& network) {
  const auto prefix = saved_part(part.saved) + "/";
  const auto own = by_bare_name(network);
  Tensors tensors;
  for (const auto& [name, tensor] : file) {
    if (name.starts_with(prefix)) { tensors[own_name(name.substr(prefix.size()), own)] = tensor; }
  }
  const auto wanted = std::ranges::count_if(
      network, [&](const auto& one) { return !(part.encoder || part.headless) || !of_classifier(one.first); });
  const auto held = std::ranges::count_if(network, [&](const auto& one) { return tensors.contains(one.first); });
  if (held < wanted) {
    throw Error(fmt::format(
        "[{}] is one rank's share of a checkpoint and holds {} of the {} tensors of network '{}'; give the whole checkpoint, the folder {}",
        path.string(), held, wanted, part.saved, fs::absolute(path).parent_path().string()));
  }
  return tensors;
}

/// The tensors of another program's file by the network's names, without those of a classifier's head if the network
/// has none.
Tensors renamed(const Tensors& file, const Shapes& network) {
  const auto own = by_bare_name(network);
  Tensors tensors;
  for (const auto& [full_name, tensor] : file) {
    const auto name = own_name(full_name, own);
    if (network.contains(name) || !of_classifier(name)) { tensors[name] = tensor; }
  }
  return tensors;
}

/// Fixed parameters, as position tables are, that the file would replace by others for good. They may have been rounded
/// to 16 bits; a learned table is nowhere near one of sines and cosines. A frozen network is as the file has it.
std::vector<std::string> fixed_differences(const Tensors& file, const models::Entry& entry) {
  constexpr double kRounding = 0.01;
  std::vector<std::string> lines;
  if (entry.frozen) { return lines; }
  for (const auto& item : entry.module->named_parameters()) {
    const auto found = file.find(item.key());
    if (item.value().requires_grad() || found == file.end()) { continue; }
    const auto own = item.value().detach().to(torch::kCPU, torch::kFloat32);
    const auto distance = (found->second.to(torch::kFloat32) - own).abs().max().item<double>();
    if (distance <= kRounding) { continue; }  // false for NaN
    lines.push_back(fmt::format(
        "{} is never trained here, and the file has another (by up to {:.2g}), as if learned; use the weights of a masked autoencoder, whose table is fixed",
        item.key(), distance));
  }
  return lines;
}

/// What the network need not find among these tensors: an encoder's file has no decoder, an autoencoder no head.
MayLack lacking(const Tensors& tensors, const WeightsPart& part) {
  if (part.encoder || part.headless) { return of_classifier; }
  const bool decoder =
      std::any_of(tensors.begin(), tensors.end(), [](const auto& one) { return of_decoder(one.first); });
  return decoder ? nothing : of_decoder;
}

/// The network's tensors that are meant, by the names that they have in a file.
Tensors wanted_tensors(const models::Entry& entry, const WeightsPart& part) {
  const auto all = models::named_tensors(*entry.module);
  if (part.below.empty()) { return all; }
  Tensors some;
  for (const auto& [name, tensor] : all) {
    if (name.starts_with(part.below + ".")) { some[name.substr(part.below.size() + 1)] = tensor; }
  }
  return some;
}

/// With zeros for the input channels that a file's convolution lacks.
void pad_channels(torch::Tensor& weight, const std::vector<int64_t>& wanted) {
  const auto have = weight.sizes().vec();
  if (have.size() != 4 || wanted.size() != 4 || have[1] >= wanted[1]) { return; }
  auto more = have;
  more[1] = wanted[1] - have[1];
  weight = torch::cat({weight, weight.new_zeros(more)}, 1);
}

/// As its metadata tell; few files do.
std::string licence_of(const models::TensorFile& file, const fs::path& path) {
  const auto found = std::ranges::find_if(
      file.metadata, [](const auto& item) { return item.first == "license" || item.first == "licence"; });
  return fmt::format("{} ({})", found == file.metadata.end() ? "not stated" : found->second, path.filename().string());
}

/// Settings that shapes do not show, such as the number of heads, and how pixels were normalised.
std::vector<std::string> description_differences(const nlohmann::json& saved, const nlohmann::json& own,
                                                 const WeightsPart& part) {
  std::vector<std::string> lines;
  if (!saved.is_object() || !own.is_object()) { return lines; }  // an older checkpoint, or a network without one
  for (const auto& [key, value] : own.items()) {
    // `size` only names the others, and an encoder is of another architecture than what it is taken into.
    if (key == "size" || (part.encoder && key == "architecture") || (part.headless && key == "classes") ||
        !saved.contains(key) || saved.at(key) == value) {
      continue;
    }
    lines.push_back(fmt::format("{} is {} there and {} here", key, saved.at(key).dump(), value.dump()));
  }
  return lines;
}

/// What `realface import` noted of the network in the file's metadata; null in any other file.
nlohmann::json described(const models::TensorFile& file) {
  const auto found = file.metadata.find("description");
  if (found == file.metadata.end()) { return nullptr; }
  return nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
}

LoadedWeights load_file(const fs::path& path, const WeightsPart& part, const models::Entry& entry) {
  const auto network = wanted_tensors(entry, part);
  const auto own = shapes_of(network);
  const auto file = models::read_tensor_file(path);
  const bool ours = is_rank_file(path, file.tensors);
  auto tensors =
      ours ? whole_network(path, file.tensors, part, own) : renamed(models::translated(file.tensors, path), own);
  if (!part.below.empty()) {
    std::erase_if(tensors, [&](const auto& one) { return !own.contains(one.first); });
  }
  if (tensors.contains(part.padded)) { pad_channels(tensors.at(part.padded), own.at(part.padded)); }
  std::erase_if(tensors, [&](const auto& one) {
    return of_no_use(one.first, own, part) || (part.encoder && not_of_encoder(one.first));
  });
  const auto may_lack = part.below.empty() ? lacking(tensors, part) : nothing;
  const bool encoder_only =
      part.encoder || (!part.headless && std::any_of(own.begin(), own.end(),
                                                     [&](const auto& one) { return !tensors.contains(one.first); }));
  require_none(path, differences(shapes_of(tensors), own, may_lack));
  auto named = part;
  named.encoder = true;  // a file may be of another architecture
  require_none(path, description_differences(described(file), entry.description, named));
  require_none(path, fixed_differences(tensors, entry));
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) { network.at(name).copy_(tensor); }
  LoadedWeights loaded;
  loaded.sha256 = hex(sha256_file(path.string()));
  loaded.source = fmt::format("{}{}, SHA-256 {}", path.string(), encoder_only ? " (encoder only)" : "", loaded.sha256);
  if (!ours) { loaded.licences.insert(licence_of(file, path)); }
  return loaded;
}

// --- Checkpoints -----------------------------------------------------------------------------------------------------

LoadedWeights load_checkpoint(const fs::path& folder, const WeightsPart& part, const models::Entry& entry) {
  const auto manifest = checkpoints::read_manifest(folder);
  const auto saved = saved_part(part.saved);
  require_network(folder, manifest, part.saved);
  const auto network = models::named_tensors(*entry.module);
  const auto wanted = shapes_of(network);
  const auto own = by_bare_name(wanted);
  Shapes shapes;
  std::map<std::string, std::string> saved_names;  // by the network's
  for (const auto& piece : manifest.pieces) {
    if (piece.part != saved || (part.encoder && not_of_encoder(piece.name))) { continue; }
    const auto name = own_name(piece.name, own);
    if (of_no_use(name, wanted, part)) { continue; }
    shapes[name] = piece.global_shape;
    saved_names[name] = piece.name;
  }
  auto lines = description_differences(manifest.values.at(saved).value("description", nlohmann::json()),
                                       entry.description, part);
  const MayLack may_lack = part.encoder || part.headless ? of_classifier : nothing;
  std::ranges::copy(differences(shapes, wanted, may_lack), std::back_inserter(lines));
  require_none(folder, lines);

  std::vector<checkpoints::OwnedSlice> slices;
  for (const auto& [name, tensor] : network) {
    if (shapes.contains(name)) { slices.push_back({saved, replicated(saved_names.at(name), tensor.detach())}); }
  }
  checkpoints::load_tensors(folder, manifest, slices);
  const auto sha256 = models::weights_sha256(network);
  return {fmt::format("{}, weights_sha256 {}", folder.string(), sha256),
          sha256,
          manifest.step,
          manifest.provenance.dataset_digest,
          manifest.provenance.code_version,
          manifest.values.at(saved).value("licences", std::set<std::string>())};
}

/// Ranks on other machines may read another file under the same path. Collective.
void require_same_everywhere(const LoadedWeights& loaded, distributed::Communicator& host) {
  const auto first = distributed::broadcast_string(host, loaded.sha256);
  distributed::agree(host, "weights", [&] {
    if (loaded.sha256 == first) { return; }
    throw Error(fmt::format(
        "[weights] rank {} read {}, but rank 0 read weights with the SHA-256 {}; give a path that holds the same everywhere",
        host.rank(), loaded.source, first));
  });
}

}  // namespace

LoadedWeights load_weights(const fs::path& path, models::Set& set, const std::string& name,
                           distributed::Communicator& host, const WeightsPart& part) {
  const auto folder = checkpoint_folder(path, host);
  LoadedWeights loaded;
  distributed::agree(host, "weights", [&] {
    const auto& entry = set.entry(name);
    if (!folder.empty() && !part.below.empty()) {
      throw Error(fmt::format("[{}] is a folder; expected a weights file of the {} alone", path.string(), part.below));
    }
    loaded = folder.empty() ? load_file(path, part, entry) : load_checkpoint(folder, part, entry);
  });
  require_same_everywhere(loaded, host);
  set.note_source(name, loaded.source, loaded.licences);
  return loaded;
}

}  // namespace realface::stages
