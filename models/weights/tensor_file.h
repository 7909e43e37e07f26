#pragma once

#include <torch/types.h>
#include <filesystem>
#include <map>
#include <string>

/// Whole files of weights: safetensors, such as our exports, and what torch.save writes. Tensors are on the CPU and
/// contiguous.
namespace realface::models {

struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// A safetensors file, or one of torch.save (.pth, .pt, .bin, .tar; models/weights/torch_save/saved_tensors.h), told
/// apart by their first bytes; nothing in the latter is executed. Throws Error, naming the file, if it is missing,
/// damaged or of another format.
TensorFile read_tensor_file(const std::filesystem::path& path);

/// Publishes a safetensors file whole or not at all. Throws Error for a dtype that the format lacks, or if the disk
/// refuses.
void write_tensor_file(const std::filesystem::path& path, const TensorFile& file);

}  // namespace realface::models
