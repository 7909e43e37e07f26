#include "models/weights/torch_save/saving.h"

#include <ATen/ops/empty.h>
#include <caffe2/serialize/inline_container.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/atomic_file.h"
#include "base/tensor_dtypes.h"
#include "models/weights/torch_save/layouts.h"
#include "models/weights/torch_save/saved_tensors.h"

namespace realface::models::torch_save {
namespace {

using Writer = caffe2::serialize::PyTorchStreamWriter;

/// A pickle of protocol 2, word by word: the instructions that torch.load allows.
class Words {
 public:
  Words() : bytes_("\x80\x02") {}
  Words& put(std::string_view instructions) {
    bytes_ += instructions;
    return *this;
  }
  Words& text(std::string_view value) {
    bytes_ += 'X';
    little_endian(value.size(), 4);
    bytes_ += value;
    return *this;
  }
  Words& whole(int64_t value) {
    bytes_ += "\x8a\x08";
    little_endian(static_cast<uint64_t>(value), 8);
    return *this;
  }
  Words& tuple(at::IntArrayRef values) {
    bytes_ += '(';
    for (const auto value : values) { whole(value); }
    bytes_ += 't';
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void little_endian(uint64_t value, int width) {
    for (int i = 0; i < width; ++i) { bytes_ += static_cast<char>((value >> (8 * i)) & 0xFFU); }
  }
  std::string bytes_;
};

/// _rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks) of a storage that is the tensor alone.
void put_tensor(Words& words, const torch::Tensor& tensor, const std::string& key) {
  words.put("ctorch._utils\n_rebuild_tensor_v2\n((").text("storage");
  words.put("ctorch\n").put(torch_type(dtype_name(tensor.scalar_type()))).put("Storage\n");
  words.text(key).text("cpu").whole(tensor.numel()).put("tQ");
  words.whole(0).tuple(tensor.sizes()).tuple(tensor.strides());
  words.put("\x89").put("ccollections\nOrderedDict\n)RtR");
}

void write_record(Writer& writer, const std::string& name, std::string_view bytes) {
  writer.writeRecord(name, bytes.data(), bytes.size());
}

void write_all(Writer& writer, const std::map<std::string, torch::Tensor>& tensors,
               const std::map<std::string, std::string>& metadata) {
  Words words;
  words.put("}(");
  int64_t number = 0;
  for (const auto& [name, tensor] : tensors) {
    words.text(name);
    put_tensor(words, at::empty(tensor.sizes(), tensor.options().device(torch::kMeta)), std::to_string(number++));
  }
  write_record(writer, "data.pkl", words.put("u.").bytes());
  write_record(writer, "byteorder", "little");
  write_record(writer, kMetadataRecord, nlohmann::json(metadata).dump());
  number = 0;
  for (const auto& [name, tensor] : tensors) {
    const auto whole = tensor.detach().to(torch::kCPU).contiguous();
    write_record(writer, "data/" + std::to_string(number++),
                 {static_cast<const char*>(whole.const_data_ptr()), whole.nbytes()});
  }
  writer.writeEndOfFile();
}

}  // namespace

void save(const std::filesystem::path& path, const std::map<std::string, torch::Tensor>& tensors,
          const std::map<std::string, std::string>& metadata) {
  publish_pieces(path, [&](const TakePiece& take) {
    // The writer's destructor must not meet an exception, so a full disk is told to it afterwards.
    std::exception_ptr failure;
    Writer writer([&](const void* bytes, size_t size) {
      try {
        if (failure == nullptr) { take({static_cast<const char*>(bytes), size}); }
      } catch (...) { failure = std::current_exception(); }
      return size;
    });
    write_all(writer, tensors, metadata);
    if (failure != nullptr) { std::rethrow_exception(failure); }
  });
}

}  // namespace realface::models::torch_save
