#include "base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>

namespace realface::log {
namespace {

struct Speaker {
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
    auto logger = std::make_shared<spdlog::logger>("realface", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%H:%M:%S %L %v");
    logger->flush_on(spdlog::level::info);
    return Speaker{std::move(logger), rank_before_joining(), ""};
  }();
  return instance;
}

}  // namespace

void set_rank(int rank, int world_size) {
  speaker().rank = rank;
  speaker().prefix = world_size > 1 ? "[rank " + std::to_string(rank) + "] " : "";
}

void also_to(const std::string& path) {
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  sink->set_pattern("%Y-%m-%dT%H:%M:%S %L %v");
  speaker().logger->sinks().push_back(std::move(sink));
}

void info(const std::string& line) {
  if (speaker().rank == 0) { speaker().logger->info(line); }
}
void warn(const std::string& line) { speaker().logger->warn(speaker().prefix + line); }
void error(const std::string& line) { speaker().logger->error(speaker().prefix + line); }

}  // namespace realface::log
