#include "models/weights/torch_save/layouts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.h"

namespace realface::models::torch_save {
namespace {

struct Type {
  std::string_view torch, dtype;
  uint64_t bytes;
};

constexpr std::array<Type, 11> kTypes{{{"Float", "F32", 4},
                                       {"Double", "F64", 8},
                                       {"Half", "F16", 2},
                                       {"BFloat16", "BF16", 2},
                                       {"Long", "I64", 8},
                                       {"Int", "I32", 4},
                                       {"Short", "I16", 2},
                                       {"Char", "I8", 1},
                                       {"Byte", "U8", 1},
                                       {"Bool", "BOOL", 1},
                                       {"Untyped", "U8", 1}}};

const Type& type_of(const Bytes& file, const Storage& storage) {
  const auto* found = std::ranges::find(kTypes, storage.type, &Type::torch);
  if (found == kTypes.end()) {
    file.refuse(0, fmt::format("a storage of torch.{}Storage; expected real numbers, integers or booleans",
                               storage.type.substr(0, 100)));
  }
  return *found;
}

/// Elements from the first to the last one, 0 if there are none. False if that is no number.
bool extent_of(const Layout& layout, uint64_t& extent) {
  extent = 0;
  if (std::ranges::find(layout.shape, 0) != layout.shape.end()) { return true; }
  uint64_t last = 0;
  for (size_t i = 0; i < layout.shape.size(); ++i) {
    uint64_t way = 0;
    const auto steps = static_cast<uint64_t>(layout.shape[i]) - 1;
    if (__builtin_mul_overflow(steps, static_cast<uint64_t>(layout.strides[i]), &way) ||
        __builtin_add_overflow(last, way, &last)) {
      return false;
    }
  }
  return !__builtin_add_overflow(last, uint64_t{1}, &extent);
}

}  // namespace

std::string_view torch_type(const std::string& dtype) {
  const auto* found = std::ranges::find(kTypes, dtype, &Type::dtype);
  if (found != kTypes.end()) { return found->torch; }
  throw Error(
      fmt::format("[torch] tensors of {} cannot be written; expected real numbers, integers or booleans", dtype));
}

uint64_t element_bytes(const Bytes& file, const Storage& storage) { return type_of(file, storage).bytes; }

SavedTensor checked(const Bytes& file, const Saved& saved, const Layout& layout, const std::string& name) {
  const auto& storage = layout.storage;
  const auto& type = type_of(file, storage);
  const auto found = saved.storages.find(storage.key);
  if (found == saved.storages.end()) {
    file.refuse(0, fmt::format("the storage '{}' of '{}' is missing", storage.key.substr(0, 100), name));
  }
  const auto [begin, size] = found->second;
  uint64_t extent = 0, end = 0, first = 0, part_end = 0, all = 0;
  const bool numbers = extent_of(layout, extent) && !__builtin_add_overflow(layout.offset, extent, &end) &&
                       !__builtin_add_overflow(storage.offset, layout.offset, &first) &&
                       !__builtin_add_overflow(storage.offset, std::max(storage.size, end), &part_end) &&
                       !__builtin_mul_overflow(part_end, type.bytes, &all);
  if (!numbers || end > storage.size || all > size) {
    file.refuse(begin, fmt::format("'{}' of shape {} reaches beyond its storage of {} elements in {} bytes", name,
                                   fmt::join(layout.shape, "x"), storage.size, size));
  }
  return {std::string(type.dtype), layout.shape, layout.strides, begin + first * type.bytes, extent};
}

void require_moderate(const Bytes& file, const std::map<std::string, SavedTensor>& tensors) {
  constexpr uint64_t kAlways = uint64_t{64} << 20U, kTimes = 16;
  uint64_t sum = 0;
  bool overflow = false;
  for (const auto& [name, tensor] : tensors) {
    uint64_t bytes = 8;  // as if of the widest type
    for (const auto size : tensor.shape) {
      overflow = overflow || __builtin_mul_overflow(bytes, static_cast<uint64_t>(std::max<int64_t>(size, 1)), &bytes);
    }
    overflow = overflow || __builtin_add_overflow(sum, bytes, &sum);
  }
  if (!overflow && sum <= std::max(kAlways, kTimes * file.size())) { return; }
  file.refuse(0,
              fmt::format("its {} bytes would unfold to tensors of {} numbers and more; no file of weights does this",
                          file.size(), sum / 8));
}

}  // namespace realface::models::torch_save
