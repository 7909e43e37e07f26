#include <fcntl.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <opencv2/core/utility.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/exception_text.h"
#include "base/memory.h"
#include "distributed/failure.h"
#include "launcher/commands.h"
#include "launcher/version.h"

namespace {

using realface::ExitCode;

/// Only the environment knows the rank here: the world may not have been joined.
std::string rank_in_environment() {
  for (const auto* name : {"PMIX_RANK", "OMPI_COMM_WORLD_RANK"}) {
    if (const auto* rank = std::getenv(name); rank != nullptr) { return rank; }
  }
  return "0";
}

/// The long options of a command and of those below it, as "--name".
void add_options(const CLI::App& command, std::vector<std::string>& names) {
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) { names.push_back("--" + name); }
  }
  for (const auto* below : command.get_subcommands({})) { add_options(*below, names); }
}

/// "; did you mean --out instead of --uot?", or nothing.
std::string meant_option(const CLI::App& command, int argc, char** argv) {
  std::vector<std::string> options;
  add_options(command, options);
  for (int i = 2; i < argc; ++i) {
    const std::string word = std::string(argv[i]).substr(0, std::string(argv[i]).find('='));
    if (!word.starts_with("--") || std::find(options.begin(), options.end(), word) != options.end()) { continue; }
    const std::string near = realface::nearest(word, options);
    if (!near.empty()) { return "; did you mean " + near + " instead of " + word; }
  }
  return "";
}

/// What CLI11 says, and the nearest command or option where a word is none.
std::string usage_text(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  std::vector<std::string> commands;
  for (const auto* command : app.get_subcommands({})) { commands.push_back(command->get_name()); }
  const bool known = std::find(commands.begin(), commands.end(), word) != commands.end();
  if (known || word.empty() || word.front() == '-') {
    return std::string(error.what()) + (known ? meant_option(*app.get_subcommand(word), argc, argv) : "") +
           "; see realface --help";
  }
  const auto near = realface::nearest(word, commands);
  return "there is no command '" + word + "'; " +
         (near.empty() ? "see realface --help" : "did you mean '" + near + "'? See realface --help");
}

/// Where many ranks meet the same error, for example in their common configuration, the first says it, and by the time
/// that the others would, mpirun has ended them (it takes a second). An error of another rank alone must not stay
/// unsaid.
int leave(ExitCode code, const std::string& message) {
  const std::string rank = rank_in_environment();
  if (rank == "0") {
    std::cerr << "realface: " << message << '\n';
  } else {
    std::this_thread::sleep_for(std::chrono::seconds(3));
    std::cerr << "realface: rank " << rank << ": " << message << '\n';
  }
  return static_cast<int>(code);
}

/// A stop that all ranks agreed on, or an error that another rank says.
bool is_everybodys(const realface::Error& error) {
  return error.exit_code() == ExitCode::requeue ||
         dynamic_cast<const realface::distributed::PeerError*>(&error) != nullptr;
}

void add_commands(CLI::App& app) {
  realface::launcher::add_synth(app);
  realface::launcher::add_preprocess(app);
  realface::launcher::add_decode(app);
  realface::launcher::add_inspect(app);
  realface::launcher::add_verify(app);
  realface::launcher::add_train(app);
  realface::launcher::add_run(app);
  realface::launcher::add_protocol(app);
  realface::launcher::add_reconstruct(app);
  realface::launcher::add_report(app);
  realface::launcher::add_compare(app);
  realface::launcher::add_detect(app);
  realface::launcher::add_export(app);
  realface::launcher::add_calibrate(app);
  realface::launcher::add_import(app);
  realface::launcher::add_bench(app);
}

/// A write that fails must be an error of that write, for whoever wrote to handle: a checkpoint beyond the file size
/// limit, a line for a reader that has left. By default either ends the process without a word.
void outlive_failed_writes() {
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  // Were output or error closed, the next file opened would get its number, and log lines would be written into it.
  int number = ::open("/dev/null", O_RDWR);
  while (number >= 0 && number <= STDERR_FILENO) { number = ::open("/dev/null", O_RDWR); }
  if (number > STDERR_FILENO) { ::close(number); }
}

}  // namespace

int main(int argc, char** argv) {
  outlive_failed_writes();
  realface::keep_freed_memory();
  // Pictures are handled in loader threads of our own; OpenCV's pool would only fight them for the cores.
  cv::setNumThreads(1);
  CLI::App app("Trains deepfake detectors that learn from real faces.", "realface");
  app.set_version_flag("--version", "realface " + realface::launcher::code_version());
  app.require_subcommand(1);
  try {
    add_commands(app);
    app.parse(argc, argv);
    return static_cast<int>(ExitCode::done);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      return app.exit(error);  // --help, --version
    }
    return leave(ExitCode::usage, usage_text(app, error, argc, argv));
  } catch (const realface::Error& error) {
    if (is_everybodys(error) && rank_in_environment() != "0") { return static_cast<int>(error.exit_code()); }
    return leave(error.exit_code(), error.what());
  } catch (const std::exception& error) { return leave(ExitCode::failure, realface::exception_text(error)); }
}
