#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace realface {

/// A file descriptor, closed with the object; movable. A negative number stands for none.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

/// open(2): closed in programs that this one starts; readable by all if it makes the file. None if it fails, with the
/// reason in errno.
Descriptor open_file(const std::filesystem::path& path, int flags);

/// What a read gave: fewer bytes than were wanted if the file ended, and `error` (an errno) if the system refused.
struct ReadResult {
  size_t bytes = 0;
  int error = 0;
};

/// Reads exactly `size` bytes at `position`, unless the result says otherwise. Any number of threads may read at once.
ReadResult read_exactly(const Descriptor& file, uint64_t position, void* out, size_t size);

}  // namespace realface
