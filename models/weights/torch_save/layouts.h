#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "models/weights/torch_save/pickle.h"
#include "models/weights/torch_save/saved_tensors.h"
#include "models/weights/torch_save/zip.h"

namespace realface::models::torch_save {

/// The object of a file, and where the file has the storages that it names.
struct Saved {
  Pickle pickle;
  std::map<std::string_view, Place> storages;
};

/// "Float", of torch.FloatStorage, for the dtype "F32". Throws Error for one that torch has no storage of.
std::string_view torch_type(const std::string& dtype);

/// Bytes of an element of the storage. Throws Error for a type that is no real number, integer or boolean.
uint64_t element_bytes(const Bytes& file, const Storage& storage);

/// The tensor's place in the file. Throws Error, with the tensor's name, if its storage is missing or any of its
/// elements lies outside.
SavedTensor checked(const Bytes& file, const Saved& saved, const Layout& layout, const std::string& name);

/// Throws Error if the tensors together, each by itself, are larger than any honest file's (views share storages).
void require_moderate(const Bytes& file, const std::map<std::string, SavedTensor>& tensors);

}  // namespace realface::models::torch_save
