#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace realface::models::torch_save {

/// The bytes of a file, any of which may be wrong. Refers to them; they must outlive it and what it gives. Every fault
/// is an Error that names the file and the place.
class Bytes {
 public:
  Bytes(std::string_view all, std::string path) : all_(all), path_(std::move(path)) {}
  uint64_t size() const { return all_.size(); }
  std::string_view piece(uint64_t begin, uint64_t size) const;
  /// A little-endian number of `width` bytes, 1 to 8.
  uint64_t number(uint64_t begin, uint64_t width) const;
  /// "[FILE] at byte PLACE: MESSAGE".
  [[noreturn]] void refuse(uint64_t place, const std::string& message) const;

 private:
  std::string_view all_;
  std::string path_;
};

}  // namespace realface::models::torch_save
