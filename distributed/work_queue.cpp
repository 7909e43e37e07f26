#include "distributed/work_queue.h"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "distributed/mpi/calls.h"

namespace realface::distributed {
namespace {

constexpr int kRequestTag = 1, kItemTag = 2, kByeTag = 3, kReleaseTag = 4;
// A rank that computes for long gives no time to MPI; this thread does, at a cost of well under 1 % of a core.
constexpr std::chrono::microseconds kPoll{200};

void sleep_a_little() { std::this_thread::sleep_for(kPoll); }

/// Waits for a message by polling: a blocking receive would spin on a core.
int64_t receive(int source, int tag, MPI_Comm comm) {
  int64_t value = 0;
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Irecv(&value, 1, MPI_INT64_T, source, tag, comm, &request), "work queue: receiving");
  for (int done = 0;;) {
    check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "work queue: receiving");
    if (done != 0) { return value; }
    sleep_a_little();
  }
}

}  // namespace

// Messages rather than a window with MPI_Fetch_and_op: in Open MPI 4.1 windows need a transport with remote memory
// access once MPI_THREAD_MULTIPLE is asked for, and plain TCP between nodes has none.
struct WorkQueue::Members {
  Members(World& world, int64_t item_count) : items(item_count), group(MPI_COMM_WORLD), rank(world.rank()) {
    if (rank == 0 && group.size() > 1) {
      server = std::thread([this] { serve(); });
    }
  }

  int64_t draw() { return drawn.fetch_add(1, std::memory_order_relaxed); }
  void serve();

  const int64_t items;
  const MpiGroup group;
  const int rank;
  std::atomic<int64_t> drawn{0};
  std::atomic<bool> leaving{false}, abandoned{false};
  std::mutex mutex;  // one question at a time, so that its answer is its own
  int exceptions_at_start = std::uncaught_exceptions();
  std::thread server;
};

/// Rank 0's thread: answers until every other rank has said goodbye, and lets them go once rank 0 is there too.
void WorkQueue::Members::serve() {
  for (int others = group.size() - 1; (others > 0 || !leaving) && !abandoned;) {
    int there = 0;
    MPI_Status status;
    if (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, group.get(), &there, &status) != MPI_SUCCESS) { return; }
    if (there == 0) {
      sleep_a_little();
      continue;
    }
    int64_t value = 0;
    MPI_Recv(&value, 1, MPI_INT64_T, status.MPI_SOURCE, status.MPI_TAG, group.get(), MPI_STATUS_IGNORE);
    if (status.MPI_TAG == kByeTag) {
      --others;
      continue;
    }
    value = draw();
    MPI_Send(&value, 1, MPI_INT64_T, status.MPI_SOURCE, kItemTag, group.get());
  }
  const int64_t nothing = 0;
  for (int rank_to_go = 1; rank_to_go < group.size() && !abandoned; ++rank_to_go) {
    MPI_Send(&nothing, 1, MPI_INT64_T, rank_to_go, kReleaseTag, group.get());
  }
}

WorkQueue::WorkQueue(World& world, int64_t items) {
  int64_t bounds[2] = {items, -items};
  if (world.size() > 1) {
    const auto tensor = torch::from_blob(bounds, {2}, torch::kInt64);
    world.host_group().all_reduce(tensor, ReduceOp::max)->wait();
  }
  if (items < 0 || bounds[0] != -bounds[1]) {
    throw Error("[work queue] ranks ask for " + std::to_string(-bounds[1]) + " to " + std::to_string(bounds[0]) +
                " items; expected one number of at least 0 on all of them");
  }
  members_ = std::make_unique<Members>(world, items);
}

WorkQueue::~WorkQueue() {
  members_->leaving = true;
  members_->abandoned = std::uncaught_exceptions() > members_->exceptions_at_start;
  if (members_->rank != 0 && !members_->abandoned) {
    try {
      const int64_t nothing = 0;
      check_mpi(MPI_Send(&nothing, 1, MPI_INT64_T, 0, kByeTag, members_->group.get()), "work queue: leaving");
      receive(0, kReleaseTag, members_->group.get());
    } catch (const std::exception& error) { log::error(error.what()); }
  }
  if (members_->server.joinable()) { members_->server.join(); }
}

std::optional<int64_t> WorkQueue::next() {
  int64_t item = 0;
  if (members_->rank == 0) {
    item = members_->draw();
  } else {
    const std::lock_guard lock(members_->mutex);
    const int64_t nothing = 0;
    check_mpi(MPI_Send(&nothing, 1, MPI_INT64_T, 0, kRequestTag, members_->group.get()), "work queue: asking");
    item = receive(0, kItemTag, members_->group.get());
  }
  return item < members_->items ? std::optional(item) : std::nullopt;
}

}  // namespace realface::distributed
