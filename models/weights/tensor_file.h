#pragma once

#include <torch/types.h>
#include <filesystem>
#include <map>
#include <string>

/// Whole safetensors files, such as other programs' weights and our exports. Tensors are on the CPU and contiguous.
namespace realface::models {

struct TensorFile {
  std::map<std::string, torch::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// Throws Error, naming the file, if it is missing, damaged or of another format; for a file of torch.save (.pth, .bin)
/// the message says how to convert it.
TensorFile read_tensor_file(const std::filesystem::path& path);

/// Publishes the file whole or not at all. Throws Error for a dtype that the format lacks, or if the disk refuses.
void write_tensor_file(const std::filesystem::path& path, const TensorFile& file);

}  // namespace realface::models
