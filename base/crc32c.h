#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace realface {

/// CRC-32C (Castagnoli, reflected 0x82F63B78), as in iSCSI (RFC 3720 B.4). `crc` continues an earlier sum. Uses the
/// SSE4.2 instruction where the processor has it, three streams at a time, else tables.
uint32_t crc32c(std::span<const std::byte> bytes, uint32_t crc = 0);
inline uint32_t crc32c(const void* data, size_t size, uint32_t crc = 0) {
  return crc32c(std::span(static_cast<const std::byte*>(data), size), crc);
}

}  // namespace realface
