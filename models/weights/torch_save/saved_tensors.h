#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Files of torch.save without Python: where the tensors of a state_dict lie in them. Nothing in them is executed.
namespace realface::models::torch_save {

/// A tensor of a file: `extent` elements from byte `begin` on, seen through strides. Checked: none lies outside.
struct SavedTensor {
  std::string dtype;                    // by its safetensors name, "F32"
  std::vector<int64_t> shape, strides;  // elements
  uint64_t begin = 0, extent = 0;       // `begin` need not be aligned
};

/// By its first bytes: a zip archive, or the stream that torch.save wrote before version 1.6.
bool is_torch_save(std::string_view bytes);

/// The tensors of the file's dict by its keys; if the dict only holds one, below `model`, `module`, `state_dict` or
/// `state_dict_ema`, of that. What are no tensors (epochs, arguments, an optimizer's dicts) are left out. `path` is for
/// messages. Throws Error, naming the file and the place, for anything damaged, hostile or without tensors, and if all
/// tensors together would be much larger than the file, as strides of zero can make them.
std::map<std::string, SavedTensor> saved_tensors(std::string_view bytes, const std::string& path);

/// The record of a zip archive, beside the pickle, with the metadata that a safetensors file would have: a JSON object
/// of texts. We write it (saving.h), and torch.load passes it by.
constexpr const char* kMetadataRecord = "metadata.json";

/// What it says; nothing in a file of any other program.
std::map<std::string, std::string> saved_metadata(std::string_view bytes, const std::string& path);

}  // namespace realface::models::torch_save
