#include "distributed/mpi/node_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "base/file.h"
#include "distributed/mpi/calls.h"

namespace realface::distributed {
namespace {

/// Where another rank finds a block, and how it knows that it found the right one.
struct Invitation {
  int64_t pid = 0, fd = -1;
  uint64_t token = 0;
};

std::byte* map(int fd, size_t bytes) {
  void* address = fd < 0 ? MAP_FAILED : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return address == MAP_FAILED ? nullptr : static_cast<std::byte*>(address);
}

/// The block of another rank, or null. A process number means another process in another PID namespace: the token at
/// the block's end tells.
std::byte* map_of(const Invitation& invitation, size_t bytes) {
  const std::string path = "/proc/" + std::to_string(invitation.pid) + "/fd/" + std::to_string(invitation.fd);
  const auto file = open_file(path, O_RDWR);
  if (!file || ::lseek(file.number(), 0, SEEK_END) != static_cast<off_t>(bytes)) { return nullptr; }
  std::byte* block = map(file.number(), bytes);
  if (block == nullptr) { return nullptr; }
  uint64_t token = 0;
  std::memcpy(&token, block + bytes - sizeof(token), sizeof(token));
  if (token == invitation.token) { return block; }
  ::munmap(block, bytes);
  return nullptr;
}

uint64_t random_token() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device() | 1;
}

}  // namespace

std::shared_ptr<NodeMemory> NodeMemory::allocate(const MpiGroup& group, size_t bytes) {
  constexpr size_t kPage = 4096;
  std::shared_ptr<NodeMemory> memory(new NodeMemory(group.rank(), bytes));
  memory->mapped_ = (bytes + kPage - 1) / kPage * kPage + kPage;  // the last page holds the token
  memory->blocks_.resize(static_cast<size_t>(group.size()), nullptr);

  const Descriptor file(::memfd_create("realface", MFD_CLOEXEC));
  const bool sized = file.number() >= 0 && ::ftruncate(file.number(), static_cast<off_t>(memory->mapped_)) == 0;
  Invitation mine{.pid = ::getpid(), .fd = file.number(), .token = random_token()};
  std::byte*& own = memory->blocks_[static_cast<size_t>(group.rank())];
  own = sized ? map(file.number(), memory->mapped_) : nullptr;
  if (own != nullptr) { std::memcpy(own + memory->mapped_ - sizeof(mine.token), &mine.token, sizeof(mine.token)); }

  std::vector<Invitation> all(memory->blocks_.size());
  check_mpi(MPI_Allgather(&mine, sizeof(mine), MPI_BYTE, all.data(), sizeof(mine), MPI_BYTE, group.get()),
            "exchanging shared memory");
  int usable = own != nullptr ? 1 : 0;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    if (memory->blocks_[rank] == nullptr) { memory->blocks_[rank] = map_of(all[rank], memory->mapped_); }
    if (memory->blocks_[rank] == nullptr) { usable = 0; }
  }
  // Also a barrier: no rank closes its descriptor before all have opened it.
  check_mpi(MPI_Allreduce(MPI_IN_PLACE, &usable, 1, MPI_INT, MPI_MIN, group.get()), "agreeing on shared memory");
  return usable != 0 ? memory : nullptr;
}

NodeMemory::~NodeMemory() {
  for (std::byte* block : blocks_) {
    if (block != nullptr) { ::munmap(block, mapped_); }
  }
}

bool NodeMemory::holds(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  return byte >= of(rank_) && byte < of(rank_) + bytes_;
}

}  // namespace realface::distributed
