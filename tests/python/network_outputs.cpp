// network_outputs WEIGHTS OUT: what one of our networks computes, for the tests that compare it with the libraries.
//
// WEIGHTS: a file of `export --to safetensors`. OUT, a safetensors file: "pixels" [2, 3, H, W], of clips [2, T, 3, H,
// W]; of an autoencoder "mask" [2, N], "prediction" of its masked tokens [2, M, V] and "encoded", of pictures alone,
// [2, 1 + N, D] with nothing masked; of a classifier "logits" [2, classes].

#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <torch/utils.h>

#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "models/mae/mae.h"
#include "models/network.h"
#include "models/set.h"
#include "models/vit/classifier.h"
#include "models/weights/tensor_file.h"
#include "models/weights/translation.h"
#include "models/xception/xception.h"

namespace realface::models {
namespace {

constexpr int64_t kSamples = 2;

/// [2, T, 3, H, W], T being 1 of pictures.
torch::Tensor drawn_pixels(const TokenGrid& cut) { return at::randn({kSamples, cut.frames, 3, cut.image, cut.image}); }

torch::Tensor tokens_of(const torch::Tensor& pixels, const TokenGrid& cut, bool clips) {
  const auto last = pixels.permute({0, 1, 3, 4, 2}).contiguous();
  return clips ? tubify(last, cut.patch, cut.tubelet) : patchify(last.squeeze(1), cut.patch);
}

/// A quarter of the tokens of each sample stays visible.
torch::Tensor drawn_mask(int64_t tokens) { return at::rand({kSamples, tokens}).argsort(int64_t{1}).ge(tokens / 4); }

void compute(MaskedAutoencoder& network, Tensors& out) {
  const auto cut = network.config().cut();
  const auto pixels = drawn_pixels(cut);
  const auto tokens = tokens_of(pixels, cut, network.config().of_clips());
  out["mask"] = drawn_mask(cut.tokens());
  out["prediction"] = network.forward(tokens, visible_tokens(out["mask"], cut.tokens() / 4, /*fixed=*/true));
  out["pixels"] = network.config().of_clips() ? pixels : pixels.squeeze(1);
  if (auto* pictures = dynamic_cast<MaeImpl*>(&network)) {
    const auto none = at::zeros({kSamples, cut.tokens()}, torch::kBool);
    out["encoded"] = pictures->encode(tokens, visible_tokens(none, cut.tokens(), /*fixed=*/true));
  }
}

void compute(const Classifier& network, Tensors& out) {
  const auto cut = network.config().cut();
  const auto pixels = drawn_pixels(cut);
  out["logits"] = network.classify(network.features(tokens_of(pixels, cut, network.config().of_clips())));
  out["pixels"] = pixels.squeeze(1);
}

void compute(const XceptionImpl& network, Tensors& out) {
  out["pixels"] = at::randn({kSamples, 3, network.config().image, network.config().image});
  out["logits"] = network.forward(out["pixels"]);
}

void write_outputs(const std::string& weights, const std::string& path) {
  const torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  const auto file = read_tensor_file(weights);
  const auto network = make_network(nlohmann::json::parse(file.metadata.at("description")));
  network->eval();
  for (const auto& [name, tensor] : named_tensors(*network)) { tensor.detach().copy_(file.tensors.at(name)); }
  TensorFile out;
  if (auto* autoencoder = dynamic_cast<MaskedAutoencoder*>(network.get())) { compute(*autoencoder, out.tensors); }
  if (auto* classifier = dynamic_cast<Classifier*>(network.get())) { compute(*classifier, out.tensors); }
  if (auto* xception = dynamic_cast<XceptionImpl*>(network.get())) { compute(*xception, out.tensors); }
  write_tensor_file(path, out);
}

}  // namespace
}  // namespace realface::models

int main(int count, char** arguments) {
  try {
    if (count != 3) { throw std::runtime_error("usage: network_outputs WEIGHTS OUT"); }
    realface::models::write_outputs(arguments[1], arguments[2]);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
