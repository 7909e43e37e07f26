#include "models/weights/tensor_file.h"

#include <ATen/ops/empty.h>

#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/safetensors.h"
#include "base/tensor_dtypes.h"
#include "models/weights/mapped_file.h"
#include "models/weights/torch_save/saved_tensors.h"

namespace realface::models {
namespace {

/// A tensor of a copy of bytes, which need not be aligned.
torch::Tensor copied(std::string_view bytes, uint64_t begin, at::IntArrayRef shape, torch::ScalarType type) {
  auto tensor = at::empty(shape, type);
  if (tensor.nbytes() > 0) { std::memcpy(tensor.mutable_data_ptr(), bytes.data() + begin, tensor.nbytes()); }
  return tensor;
}

TensorFile read_torch_save(std::string_view bytes, const std::string& path) {
  TensorFile file;
  file.metadata = torch_save::saved_metadata(bytes, path);
  for (const auto& [name, saved] : torch_save::saved_tensors(bytes, path)) {
    const auto type = dtype_of(saved.dtype);
    const auto flat = copied(bytes, saved.begin, {static_cast<int64_t>(saved.extent)}, type);
    const bool empty = saved.extent == 0;
    file.tensors[name] =
        empty ? at::empty(saved.shape, type) : flat.as_strided(saved.shape, saved.strides).contiguous();
  }
  return file;
}

/// Pickles that torch.save does not write by default: of another protocol, or of pickle.dump.
void refuse_other_pickles(std::string_view bytes, const std::string& path) {
  const bool pickle = bytes.size() > 1 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
  if (!pickle || (bytes.size() > 8 && bytes[8] == '{')) { return; }
  throw Error(
      "[" + path +
      "] is a pickle, but not as torch.save writes weights by default; expected torch.save(model.state_dict(), ...)");
}

TensorFile read_safetensors(std::string_view bytes, const std::string& path) {
  refuse_other_pickles(bytes, path);
  const auto header = safetensors::parse_header(bytes, bytes.size(), path);
  TensorFile file;
  file.metadata = header.metadata;
  for (const auto& entry : header.tensors) {
    file.tensors.emplace(entry.name,
                         copied(bytes, header.data_begin + entry.begin, entry.shape, dtype_of(entry.dtype)));
  }
  return file;
}

}  // namespace

TensorFile read_tensor_file(const std::filesystem::path& path) {
  const MappedFile file(path);
  const bool torch_save = torch_save::is_torch_save(file.bytes());
  return torch_save ? read_torch_save(file.bytes(), path.string()) : read_safetensors(file.bytes(), path.string());
}

void write_tensor_file(const std::filesystem::path& path, const TensorFile& file) {
  std::vector<safetensors::TensorEntry> entries;
  for (const auto& [name, tensor] : file.tensors) {
    entries.push_back({name, dtype_name(tensor.scalar_type()), tensor.sizes().vec()});
  }
  const std::string header = safetensors::encode_header(entries, file.metadata);
  publish_pieces(path, [&](const TakePiece& take) {
    take(header);
    for (const auto& entry : entries) {
      const auto tensor = file.tensors.at(entry.name).detach().to(torch::kCPU).contiguous();
      take({static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()});
    }
  });
}

}  // namespace realface::models
