#pragma once

#include <torch/types.h>
#include <filesystem>
#include <map>
#include <string>

/// What other programs call the tensors of the networks that are known here, and in which form they have them
/// (docs/weights.md). Our own names are those of facebookresearch/mae, MCG-NJU/VideoMAE, timm and torchvision.
namespace realface::models {

using Tensors = std::map<std::string, torch::Tensor>;

/// Without what wrappers put before a name: `module.`, `model.`, `backbone.`, `encoder.`, `mae.`, `vit.`, `videomae.`,
/// however often.
std::string bare_name(std::string name);

/// Of bare names: a decoder's, of pictures or of clips; a classifier's `head` and `fc_norm`.
bool of_decoder(const std::string& name);
bool of_classifier(const std::string& name);

/// A file's tensors by our bare names, in our form: queries, keys and values of transformers are joined; weights of 1 x
/// 1 convolutions that very old files have as matrices get their two dimensions; the rows of MARLIN's head are put into
/// our order, and its fixed position tables left out, as are counters of batches. Names of no known program stay as
/// they are. Throws Error, naming the file, if two tensors would have one name, or a table of MARLIN is not the fixed
/// one.
Tensors translated(const Tensors& file, const std::filesystem::path& path);

}  // namespace realface::models
