#include "distributed/node_block.h"

#include <sys/mman.h>

#include <string>

#include "base/error.h"

namespace realface::distributed {

NodeBlock own_block(size_t bytes) {
  bytes = bytes == 0 ? 1 : bytes;
  void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) {
    throw Error("[memory] " + std::to_string(bytes) + " bytes cannot be had; give the job more memory");
  }
  return {std::shared_ptr<std::byte>(static_cast<std::byte*>(address), [bytes](std::byte* at) { ::munmap(at, bytes); }),
          1, 0};
}

}  // namespace realface::distributed
