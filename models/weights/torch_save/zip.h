#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "models/weights/torch_save/bytes.h"

namespace realface::models::torch_save {

/// Where the bytes of something lie in a file.
struct Place {
  uint64_t begin = 0, size = 0;
};

/// The entries of a zip archive, by name, from its central directory (PKWARE's APPNOTE, with zip64). torch.save stores
/// them as they are: a compressed or encrypted entry is refused, so that no entry is larger than its part of the file.
std::map<std::string, Place, std::less<>> zip_entries(const Bytes& file);

}  // namespace realface::models::torch_save
