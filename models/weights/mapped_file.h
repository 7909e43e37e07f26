#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace realface::models {

/// A file's bytes as memory, read when they are looked at; unmapped with the object. Throws Error, naming the file, if
/// it cannot be read. Nobody may shorten the file meanwhile.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  std::string_view bytes() const { return {static_cast<const char*>(memory_), size_}; }

 private:
  void* memory_ = nullptr;
  size_t size_ = 0;
};

}  // namespace realface::models
