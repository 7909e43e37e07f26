#include "distributed/mpi/doorbell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace realface::distributed {

void Doorbell::ring() {
  word_->fetch_add(1, std::memory_order_release);
  ::syscall(SYS_futex, word_, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void Doorbell::wait(uint32_t seen, std::chrono::microseconds longest) const {
  static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t) && std::atomic<uint32_t>::is_always_lock_free);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(longest);
  timespec time{};
  time.tv_sec = seconds.count();
  time.tv_nsec = std::chrono::nanoseconds(longest - seconds).count();
  ::syscall(SYS_futex, word_, FUTEX_WAIT, seen, &time, nullptr, 0);
}

}  // namespace realface::distributed
