#include "stages/training/initial_weights.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "models/weights/tensor_file.h"

namespace realface::stages {
namespace {

using Tensors = std::map<std::string, torch::Tensor>;

constexpr size_t kShown = 6;

std::string bare_name(std::string name) {
  static const std::array<std::string, 4> kPrefixes{"module.", "model.", "encoder.", "mae."};
  for (bool again = true; again;) {
    again = false;
    for (const auto& prefix : kPrefixes) {
      if (!name.starts_with(prefix)) { continue; }
      name.erase(0, prefix.size());
      again = true;
    }
  }
  return name;
}

bool of_decoder(const std::string& name) { return name.starts_with("decoder_") || name == "mask_token"; }
bool of_classifier(const std::string& name) { return name.starts_with("head.") || name.starts_with("fc_norm."); }

std::string shape_text(const torch::Tensor& tensor) {
  std::string text;
  for (const auto size : tensor.sizes()) {
    if (!text.empty()) { text += 'x'; }
    text += std::to_string(size);
  }
  return text;
}

Tensors read(const std::string& path) {
  Tensors tensors;
  for (auto& [name, tensor] : models::read_tensor_file(path).tensors) {
    if (!of_classifier(bare_name(name))) { tensors[bare_name(name)] = tensor; }
  }
  return tensors;
}

std::vector<std::string> faults(const Tensors& file, const Tensors& network, bool encoder_only) {
  std::vector<std::string> lines;
  for (const auto& [name, tensor] : network) {
    const auto found = file.find(name);
    if (found != file.end()) {
      if (found->second.sizes() != tensor.sizes()) {
        lines.push_back(name + " is " + shape_text(found->second) + " there and " + shape_text(tensor) + " here");
      }
    } else if (!(encoder_only && of_decoder(name))) {
      lines.push_back(name + " is missing");
    }
  }
  for (const auto& [name, tensor] : file) {
    if (!network.contains(name)) { lines.push_back(name + " is unknown"); }
  }
  return lines;
}

}  // namespace

std::string load_initial_weights(const std::string& path, models::MaeImpl& network) {
  const auto file = read(path);
  Tensors own;
  for (const auto& item : network.named_parameters()) { own[item.key()] = item.value(); }
  const bool encoder_only =
      std::none_of(file.begin(), file.end(), [](const auto& item) { return of_decoder(item.first); });
  const auto lines = faults(file, own, encoder_only);
  if (!lines.empty()) {
    std::string message = "[init] " + path + " does not fit this network; expected weights of the same model.* keys:";
    for (size_t i = 0; i < std::min(kShown, lines.size()); ++i) { message += "\n  " + lines[i]; }
    if (lines.size() > kShown) { message += "\n  and " + std::to_string(lines.size() - kShown) + " more"; }
    throw Error(message);
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : file) { own.at(name).copy_(tensor); }
  return path + (encoder_only ? " (encoder only)" : "") + ", SHA-256 " + hex(sha256_file(path));
}

}  // namespace realface::stages
