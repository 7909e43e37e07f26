// A program for world_end_test: joins the world, then ends in the way that its first argument names.
//
//   world_probe MODE [RANK]   all that does not end well happens on RANK, 1 unless given

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <thread>

#include "base/log.h"
#include "distributed/agreement.h"
#include "distributed/failure.h"
#include "distributed/joining/cores.h"
#include "distributed/work_queue.h"
#include "distributed/world.h"

namespace realface::distributed {
namespace {

void sum_for_ever(World& world) {
  for (;;) {
    const auto tensor = torch::ones({1000});
    world.group().all_reduce(tensor)->wait();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// Stops this process after a while and lets it go on much later, as Slurm does with a job that is suspended.
void suspend_soon() {
  const auto process = std::to_string(::getpid());
  const std::string script = "sleep 1; kill -STOP " + process + "; sleep 5; kill -CONT " + process;
  if (std::system(("(" + script + ") >/dev/null 2>&1 &").c_str()) != 0) { throw Error("[probe] no shell"); }
}

/// Rank 0 waits in a collective while all ranks are suspended for longer than its deadline.
void outlive_suspension(World& world) {
  suspend_soon();
  if (world.rank() != 0) { std::this_thread::sleep_for(std::chrono::milliseconds(1500)); }
  world.group().barrier()->wait();
}

int act(World& world, const std::string& mode, int rank) {
  const bool mine = world.rank() == rank;
  if (mode == "banner" && world.rank() == 0) { std::cout << world.banner() << std::endl; }
  if (mode == "banner" && world.rank() != 0) { (void)world.banner(); }
  if (mode == "throw" && mine) { throw Error("[probe] a fault on purpose", ExitCode::requeue); }
  if (mode == "agree") {
    agree(world.host_group(), "probe", [&] {
      if (mine) { throw ConfigError("[probe] a fault on purpose"); }
    });
  }
  if (mode == "kill" && mine) { ::raise(SIGKILL); }
  if (mode == "stop" && mine) { ::raise(SIGSTOP); }
  if (mode == "busy" && mine) { std::this_thread::sleep_for(std::chrono::hours(1)); }
  if (mode == "suspend") { outlive_suspension(world); }
  if (mode == "queue") {
    WorkQueue queue(world, 100);
    if (mine) { throw Error("[probe] a fault while others draw", ExitCode::requeue); }
    while (queue.next()) { continue; }
  }
  if (mode == "throw" || mode == "kill" || mode == "stop" || mode == "busy") { sum_for_ever(world); }
  return 0;
}

int run(const std::string& mode, int rank) {
  const char* launched_rank = std::getenv("OMPI_COMM_WORLD_RANK");
  if (mode == "late" && launched_rank != nullptr && std::stoi(launched_rank) == rank) { ::raise(SIGSTOP); }
  const int threads = mode == "crowd" ? static_cast<int>(allowed_cores().size()) + 1 : 1;
  auto world = World::join({.device = "cpu",
                            .kernels = mode == "plain" ? "default" : "auto",
                            .threads = threads,
                            .deadline = mode == "suspend" ? 3 : 1.5,
                            .join_deadline = mode == "late" ? 3.0 : 300});
  world.set_hang_sink([](const std::string& dump) { std::cerr << "DUMP " << dump << std::flush; });
  if (mode == "crowd" || mode == "plain") {
    const std::string banner = world.banner();
    if (world.rank() == 0) { std::cout << banner << std::endl; }
    return 0;
  }
  // Without guarded: the destructor knows nothing of the exception but that there is one.
  if (mode == "unguarded" && world.rank() == rank) { throw Error("[probe] nobody notes this"); }
  if (mode == "unguarded") { sum_for_ever(world); }
  return guarded([&] { return act(world, mode, rank); });
}

}  // namespace
}  // namespace realface::distributed

int main(int argc, char** argv) {
  try {
    return realface::distributed::run(argc > 1 ? argv[1] : "", argc > 2 ? std::stoi(argv[2]) : 1);
  } catch (const realface::Error& error) {
    std::cerr << "CAUGHT " << error.what() << std::endl;
    return static_cast<int>(error.exit_code());
  } catch (const std::exception& error) {
    std::cerr << "CAUGHT " << error.what() << std::endl;
    return 1;
  }
}
