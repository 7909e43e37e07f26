#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <string>

#include "base/atomic_file.h"
#include "base/log.h"
#include "launcher/commands.h"
#include "stages/report/page.h"

namespace realface::launcher {
namespace {

struct ReportOptions {
  std::string run, out = "report.html";
};

void write_report(const ReportOptions& options) {
  const auto page = stages::report::render(stages::report::gather(options.run));
  publish_file(options.out, page);
  log::info("the report is " + options.out + " (" + std::to_string(page.size() / 1024) + " kB, opens in any browser)");
}

}  // namespace

void add_report(CLI::App& app) {
  auto* command =
      app.add_subcommand("report", "Write one HTML page about a run or a system: detector, restored faces, curves");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("RUN", options->run, "The run.dir of `train` or `run`")->required();
  command->add_option("--out", options->out, "The page")->capture_default_str();
  command->callback([options] { write_report(*options); });
}

}  // namespace realface::launcher
