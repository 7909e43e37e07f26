#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace realface::log {
namespace {

struct Speaker {
  std::shared_ptr<spdlog::sinks::dist_sink_mt> copies;  // holds the file, if there is one
  std::shared_ptr<spdlog::logger> logger;
  int rank = 0;
  std::string prefix;
};

int rank_before_joining() {
  const char* rank = std::getenv("PMIX_RANK");
  return rank == nullptr ? 0 : std::atoi(rank);
}

Speaker& speaker() {
  static Speaker instance = [] {
    // Results go to stdout, talk to stderr: a command's output can be piped.
    auto copies = std::make_shared<spdlog::sinks::dist_sink_mt>();
    const spdlog::sinks_init_list sinks{std::make_shared<spdlog::sinks::stderr_sink_mt>(), copies};
    auto logger = std::make_shared<spdlog::logger>("realface", sinks);
    logger->set_pattern("%H:%M:%S %L %v");
    logger->flush_on(spdlog::level::info);
    return Speaker{std::move(copies), std::move(logger), rank_before_joining(), ""};
  }();
  return instance;
}

}  // namespace

void set_rank(int rank, int world_size) {
  speaker().rank = rank;
  speaker().prefix = world_size > 1 ? "[rank " + std::to_string(rank) + "] " : "";
}

void also_to(const std::string& path) {
  auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  file->set_pattern("%Y-%m-%dT%H:%M:%S %L %v");
  speaker().copies->set_sinks({std::move(file)});
}

void info(const std::string& line) {
  if (speaker().rank == 0) { speaker().logger->info(line); }
}
void warn(const std::string& line) { speaker().logger->warn(speaker().prefix + line); }
void error(const std::string& line) { speaker().logger->error(speaker().prefix + line); }

}  // namespace realface::log
