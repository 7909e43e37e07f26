#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace realface {

using Digest = std::array<uint8_t, 32>;

/// Incremental SHA-256 (libcrypto). Not copyable; use one object per message.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(const void* data, size_t size);
  void update(const std::string& text) { update(text.data(), text.size()); }
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

std::string hex(const Digest& digest);
std::string sha256_hex(const std::string& bytes);
Digest sha256_file(const std::string& path);  // throws Error where the file cannot be read

}  // namespace realface
