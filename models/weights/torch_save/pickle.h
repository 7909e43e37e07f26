#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/weights/torch_save/bytes.h"

namespace realface::models::torch_save {

/// A value's number among those of its pickle. Values refer to others by it, in circles too if the pickle says so.
using Ref = uint32_t;

/// What a pickle makes, as far as weights need it.
struct Value {
  enum class Kind : uint8_t { opaque, none, boolean, whole, text, tuple, list, dict, global, storage, tensor };
  Kind kind = Kind::opaque;     // also real numbers, objects of unknown classes and whatever was made from them
  int64_t number = 0;           // of a boolean or whole number; of a storage or tensor, its number in Pickle
  std::string_view text = {};   // of a text; of a global "module\nname"; of an opaque object the global that it is of
  std::vector<Ref> items = {};  // of a tuple or list; of a dict its keys and values in turn
};

/// One storage, or a part of one.
struct Storage {
  std::string_view type;  // "Float", of torch.FloatStorage
  std::string_view key;   // which of the file's storages
  uint64_t offset = 0;    // elements before the part
  uint64_t size = 0;      // elements
};

/// A tensor's place in a storage, in elements.
struct Layout {
  Storage storage;
  uint64_t offset = 0;
  std::vector<int64_t> shape, strides;
};

struct Pickle {
  std::vector<Value> values;
  std::vector<Storage> storages;
  std::vector<Layout> tensors;
  Ref root = 0;
  uint64_t end = 0;  // the byte after it

  const Value& at(Ref ref) const { return values.at(ref); }
  /// The value that a dict has for a key; null if it has none, or is no dict.
  const Value* find(const Value& dict, std::string_view key) const;
};

/// Reads the pickle that begins at a byte and must end before another: protocol 2, with the instructions that
/// torch.save's files have. Nothing is imported or called: a few globals (docs/weights.md) are understood, all others
/// become opaque. Time and memory are bounded by the pickle's length, and memory by 1 GB. Texts refer to the file's
/// bytes. Throws Error for everything else.
Pickle read_pickle(const Bytes& file, uint64_t begin, uint64_t end);

}  // namespace realface::models::torch_save
