#include "distributed/world.h"

#include <ATen/Parallel.h>

#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "base/failpoint.h"
#include "base/kernels.h"
#include "base/log.h"
#include "distributed/agreement.h"
#include "distributed/failure.h"
#include "distributed/joining/admission.h"
#include "distributed/joining/backend.h"
#include "distributed/joining/banner.h"
#include "distributed/joining/cores.h"
#include "distributed/mpi/calls.h"
#include "distributed/mpi/communicator.h"
#include "distributed/mpi/messenger.h"
#include "distributed/mpi/node_memory.h"
#include "distributed/mpi/session.h"
#include "distributed/nccl/communicator.h"
#include "distributed/nccl/devices.h"
#include "distributed/self_communicator.h"
#include "distributed/watchdog/time_limit.h"
#include "distributed/watchdog/watchdog.h"

namespace realface::distributed {

struct World::Members {
  void meet();
  void admit(const WorldConfig& config);
  void connect(const WorldConfig& config);

  MpiSession session;  // first: the last to go
  int rank = 0, size = 1, local_rank = 0, local_size = 1, threads = 1, cores = 1;
  std::string host;
  torch::Device device = torch::kCPU;
  Backend backend = Backend::self;
  std::shared_ptr<CollectiveLog> host_log = std::make_shared<CollectiveLog>("host");
  std::unique_ptr<Communicator> host_group, group;
  std::unique_ptr<Watchdog> watchdog;
  double leave_within = 0;  // seconds; 0: no limit
  int exceptions_at_join = std::uncaught_exceptions();
};

namespace {

std::string host_name() {
  const std::string place = whereabouts(0);  // "rank 0 (host)"
  return place.substr(8, place.size() - 9);
}

/// The cores of this rank, and its threads: what was asked for, or as many as its cores.
void share_cores(Communicator& host_group, const std::string& host, int rank, int asked, int& cores, int& threads) {
  std::vector<std::vector<int>> sets;
  size_t mine = 0;
  const auto texts = gather_strings(host_group, host + ":" + text_of_cores(allowed_cores()));
  for (size_t other = 0; other < texts.size(); ++other) {
    const auto colon = texts[other].rfind(':');
    if (texts[other].substr(0, colon) != host) { continue; }
    if (static_cast<int>(other) == rank) { mine = sets.size(); }
    sets.push_back(cores_of_text(texts[other].substr(colon + 1)));
  }
  cores = share_of_cores(sets, mine);
  threads = asked > 0 ? asked : cores;
}

void set_computing(int threads, torch::Device device, const WorldConfig& config) {
  set_kernels(config.kernels == "default" ? Kernels::libtorch : Kernels::automatic);
  // The CPU's kernels are deterministic anyway, and these settings would only slow them down.
  if (device.is_cuda()) { set_gpu_math({.tf32 = config.tf32, .deterministic = config.deterministic}); }
  at::set_num_threads(threads);
  // Allowed once a process, before the first use; a second world in a test finds it done.
  if (at::get_num_interop_threads() != 1) { at::set_num_interop_threads(1); }
}

torch::Device chosen_device(const std::string& asked, int local_rank) {
  if (asked != "auto" && asked != "cpu" && asked != "cuda") {
    throw ConfigError("[world] world.device is \"" + asked + "\"; use auto, cpu or cuda");
  }
  if (asked == "cpu") { return torch::kCPU; }
  const int count = device_count();
  if (count == 0 && asked == "cuda") { throw ConfigError("[world] world.device is cuda, but " + why_no_devices()); }
  if (count == 0) { return torch::kCPU; }
  // Where each task is shown its own GPU alone, that is number 0 for all; check_devices compares what they are.
  return {torch::kCUDA, static_cast<c10::DeviceIndex>(local_rank % count)};
}

void check_and_bind(Communicator& host_group, const std::string& host, torch::Device device) {
  std::string uuid;
  agree(host_group, "world", [&] {
    if (device.is_cuda()) { uuid = device_uuid(device.index()); }
  });
  std::vector<RankDevice> devices;
  for (const auto& text : gather_strings(host_group, host + "\n" + uuid)) {
    const auto newline = text.find('\n');
    devices.push_back({text.substr(0, newline), text.substr(newline + 1)});
  }
  check_devices(devices);
  agree(host_group, "world", [&] {
    if (device.is_cuda()) { bind_device(device.index()); }
  });
}

/// From another thread than the one that hangs, which may be inside MPI_Init.
void end_run() {
  if (MpiSession::usable()) { abort_world(static_cast<int>(ExitCode::failure)); }
  std::_Exit(static_cast<int>(ExitCode::failure));
}

/// For tests: throws where REALFACE_FAILPOINT is "PLACE:RANK" with this rank.
void fail_where_asked(const std::string& place, int rank) {
  if (asked_failure(place) == std::to_string(rank)) { throw std::runtime_error("[" + place + "] REALFACE_FAILPOINT"); }
}

}  // namespace

/// Who is there, and a group to agree with.
void World::Members::meet() {
  rank = session.rank();
  size = session.size();
  check_promised_tasks(size, [](const char* name) { return std::getenv(name); });
  log::set_rank(rank, size);
  host = host_name();
  std::tie(local_rank, local_size) = session.local_rank_and_size();
  host_group = size == 1 ? make_self_communicator() : make_mpi_communicator({.node_memory = false}, host_log);
}

/// The device. What one rank refuses, all refuse.
void World::Members::admit(const WorldConfig& config) {
  agree(*host_group, "world", [&] {
    fail_where_asked("world.admit", rank);
    device = chosen_device(config.device, local_rank);
    backend = backend_of(size, device.is_cuda(), config.nccl);
    (void)device_libraries();
  });
  check_and_bind(*host_group, host, device);
}

/// Threads, the group on the devices, the watchdog.
void World::Members::connect(const WorldConfig& config) {
  share_cores(*host_group, host, rank, config.threads, cores, threads);
  set_computing(threads, device, config);
  fail_where_asked("world.connect", rank);
  const auto log = std::make_shared<CollectiveLog>("gradients");
  if (backend == Backend::self) {
    group = make_self_communicator();
  } else if (backend == Backend::nccl) {
    group = make_nccl_communicator(*host_group, {.device = device.index(), .deadline = config.deadline}, log);
  } else {
    group = make_mpi_communicator({}, log);
  }
  if (size > 1 && config.deadline > 0) {
    watchdog = std::make_unique<Watchdog>(config.deadline, std::vector{log, host_log}, make_mpi_messenger());
  }
}

World World::join(const WorldConfig& config) {
  const TimeLimit limit(launched() ? config.join_deadline : 0, "joining the world", end_run);
  // MPI itself would die with a page of advice here (Open MPI, under srun without PMIx): say what to do instead.
  if (!launched()) {
    check_promised_tasks(1, [](const char* name) { return std::getenv(name); });
  }
  auto members = std::make_unique<Members>();
  members->leave_within = config.join_deadline;
  members->session.start();
  bool admitting = false;
  try {
    members->meet();
    admitting = true;
    members->admit(config);
    admitting = false;
    members->connect(config);
    return World(std::move(members));
  } catch (const std::exception& error) {
    // An error of this rank's own: the others may be anywhere, and MPI_Finalize would wait for them.
    if (!admitting || dynamic_cast<const CommunicatorError*>(&error) != nullptr) {
      members->session.abandon(error);
      throw;
    }
    // What admit() refused, every rank refused: all of them leave in order.
    members->host_group.reset();
    members->session.finish();
    throw;
  }
}

World::World(std::unique_ptr<Members> members) : members_(std::move(members)) {}
World::World(World&&) noexcept = default;

World::~World() {
  if (members_ == nullptr) { return; }
  if (members_->size > 1 && std::uncaught_exceptions() > members_->exceptions_at_join) {
    const Failure failure = noted_failure().value_or(Failure{.reason = "an exception that left no note"});
    // The rank with the error has a word to say; this one only makes sure that the run ends.
    if (failure.of_peer) { std::this_thread::sleep_for(std::chrono::seconds(5)); }
    log::error(whereabouts(members_->rank) + ": " + failure.reason);
    abort_world(static_cast<int>(failure.code));
  }
  try {
    // Nobody leaves early: the watchdog still looks on while the last ranks come.
    members_->host_group->barrier()->wait();
    const TimeLimit limit(members_->size > 1 ? members_->leave_within : 0, "leaving the world", end_run);
    members_->watchdog.reset();
    members_->group.reset();
    members_->host_group.reset();
    members_->session.finish();
  } catch (const std::exception& error) {
    log::error(std::string("[world] leaving failed: ") + error.what());
    if (members_->size > 1) { abort_world(static_cast<int>(ExitCode::failure)); }
  }
}

int World::rank() const { return members_->rank; }
int World::size() const { return members_->size; }
int World::local_rank() const { return members_->local_rank; }
int World::local_size() const { return members_->local_size; }
const std::string& World::host() const { return members_->host; }
torch::Device World::device() const { return members_->device; }
int World::threads() const { return members_->threads; }
int World::cores() const { return members_->cores; }
Communicator& World::group() { return *members_->group; }
Communicator& World::host_group() { return *members_->host_group; }

NodeBlock World::node_block(size_t bytes) {
  if (members_->size == 1) { return own_block(bytes); }
  // The split is collective over all ranks, those that are alone on their node too. It blocks, so the watchdog looks
  // on.
  const LoggedCollective logged(members_->host_log, "node_block", static_cast<int64_t>(bytes));
  const MpiGroup node = MpiGroup::of_node(MPI_COMM_WORLD);
  auto memory = node.size() == 1 ? nullptr : NodeMemory::allocate(node, bytes);
  if (memory == nullptr) { return own_block(bytes); }
  std::byte* const first = memory->of(0);
  return {std::shared_ptr<std::byte>(std::move(memory), first), node.size(), node.rank()};
}

std::string World::banner() {
  return banner_of(
      host_group(),
      {.host = host(), .device = device(), .threads = threads(), .cores = members_->cores, .local_size = local_size()},
      MpiSession::library());
}

void World::set_hang_sink(std::function<void(const std::string& dump)> sink) {
  if (members_->watchdog != nullptr) { members_->watchdog->set_sink(std::move(sink)); }
}

}  // namespace realface::distributed
