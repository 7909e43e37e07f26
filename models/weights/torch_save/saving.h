#pragma once

#include <torch/types.h>
#include <filesystem>
#include <map>
#include <string>

namespace realface::models::torch_save {

/// Publishes what torch.save writes for a dict of these tensors, whole or not at all: a zip archive that torch.load
/// reads with weights_only=True, on the CPU. The same bytes for the same tensors. Throws Error if the disk refuses, or
/// for a dtype that safetensors lacks. metadata: as a safetensors file has it, in the record kMetadataRecord.
void save(const std::filesystem::path& path, const std::map<std::string, torch::Tensor>& tensors,
          const std::map<std::string, std::string>& metadata);

}  // namespace realface::models::torch_save
