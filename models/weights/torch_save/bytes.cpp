#include "models/weights/torch_save/bytes.h"

#include <fmt/format.h>

#include "base/error.h"

namespace realface::models::torch_save {

std::string_view Bytes::piece(uint64_t begin, uint64_t size) const {
  if (begin > all_.size() || size > all_.size() - begin) {
    refuse(begin,
           fmt::format("{} bytes are expected there, and the file ends at byte {}; it is damaged or was cut short",
                       size, all_.size()));
  }
  return all_.substr(begin, size);
}

uint64_t Bytes::number(uint64_t begin, uint64_t width) const {
  uint64_t value = 0, shift = 0;
  for (const char byte : piece(begin, width)) {
    value |= uint64_t{static_cast<uint8_t>(byte)} << shift;
    shift += 8;
  }
  return value;
}

void Bytes::refuse(uint64_t place, const std::string& message) const {
  throw Error(fmt::format("[{}] at byte {}: {}", path_, place, message));
}

}  // namespace realface::models::torch_save
