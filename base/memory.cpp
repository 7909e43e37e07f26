#include "base/memory.h"

#include <malloc.h>

#include <cstdlib>

namespace realface {

void keep_freed_memory() {
  mallopt(M_MMAP_MAX, 0);                // large blocks come from the heap,
  mallopt(M_TRIM_THRESHOLD, -1);         // which never shrinks
  mallopt(M_TOP_PAD, 64 * 1024 * 1024);  // and grows in few calls
  // Read by libtorch's allocator, which has no other switch for it.
  ::setenv("THP_MEM_ALLOC_ENABLE", "1", /*overwrite=*/0);
}

}  // namespace realface
