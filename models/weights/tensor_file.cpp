#include "models/weights/tensor_file.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/safetensors.h"
#include "base/tensor_dtypes.h"

namespace realface::models {
namespace {

/// Published weights are mostly files of torch.save. Reading one would mean to run a pickle, so it is refused, with the
/// line that converts it.
void refuse_other_formats(const std::string& bytes, const std::string& path) {
  if (bytes.size() < 9 || bytes[8] == '{') { return; }  // as a safetensors header begins
  const bool zip = bytes.starts_with("PK\x03\x04");
  const bool pickle = bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;  // protocols 2 to 5
  if (!zip && !pickle) { return; }
  throw Error(fmt::format(
      "[{0}] is a {1}, as torch.save writes; expected a safetensors file; convert it with\n  python3 -c '{2}' {0} {3}",
      path, zip ? "zip archive" : "pickle",
      "import sys, torch; from safetensors.torch import save_file; w = torch.load(sys.argv[1], map_location=\"cpu\", weights_only=True); w = w.get(\"model\", w.get(\"state_dict\", w)); save_file({k: v.clone().contiguous() for k, v in w.items() if torch.is_tensor(v)}, sys.argv[2])",
      std::filesystem::path(path).replace_extension(".safetensors").string()));
}

}  // namespace

TensorFile read_tensor_file(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  refuse_other_formats(bytes, path.string());
  const auto header = safetensors::parse_header(bytes, bytes.size(), path.string());
  TensorFile file;
  file.metadata = header.metadata;
  for (const auto& entry : header.tensors) {
    auto tensor = at::empty(entry.shape, dtype_of(entry.dtype));
    if (entry.bytes() > 0) {
      std::memcpy(tensor.mutable_data_ptr(), bytes.data() + header.data_begin + entry.begin, entry.bytes());
    }
    file.tensors.emplace(entry.name, std::move(tensor));
  }
  return file;
}

void write_tensor_file(const std::filesystem::path& path, const TensorFile& file) {
  std::vector<safetensors::TensorEntry> entries;
  for (const auto& [name, tensor] : file.tensors) {
    entries.push_back({name, dtype_name(tensor.scalar_type()), tensor.sizes().vec()});
  }
  std::string bytes = safetensors::encode_header(entries, file.metadata);
  for (const auto& entry : entries) {
    const auto tensor = file.tensors.at(entry.name).detach().to(torch::kCPU).contiguous();
    bytes.append(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes());
  }
  publish_file(path, bytes);
}

}  // namespace realface::models
