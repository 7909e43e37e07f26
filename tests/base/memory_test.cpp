#include "base/memory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdlib>

namespace realface {
namespace {

/// Pages that the system had to provide while a block of so many bytes was written to.
long pages_of_a_block(size_t bytes) {
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  auto* const block = static_cast<volatile char*>(std::malloc(bytes));
  for (size_t at = 0; at < bytes; at += 4096) { block[at] = 1; }
  std::free(const_cast<char*>(block));
  getrusage(RUSAGE_SELF, &after);
  return after.ru_minflt - before.ru_minflt;
}

TEST(Memory, IsZeroedOnceOnly) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer has an allocator of its own";
#else
  constexpr size_t kBytes = size_t{64} << 20;
  keep_freed_memory();
  pages_of_a_block(kBytes);
  EXPECT_LT(pages_of_a_block(kBytes), 100);
#endif
}

}  // namespace
}  // namespace realface
