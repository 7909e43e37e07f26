#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/log.h"
#include "launcher/commands.h"
#include "stages/report/comparison/comparison.h"
#include "stages/report/page.h"

namespace realface::launcher {
namespace {

struct ReportOptions {
  std::vector<std::string> runs;
  std::string out = "report.html";
};

std::string page_of(const std::vector<std::string>& runs) {
  std::vector<stages::report::ReportInput> inputs;
  std::set<std::string> names;
  for (const auto& run : runs) { names.insert(inputs.emplace_back(stages::report::gather(run)).run); }
  if (inputs.size() == 1) { return stages::report::render(inputs.front()); }
  if (names.size() < inputs.size()) {  // folders of the same name
    for (size_t i = 0; i < inputs.size(); ++i) { inputs[i].run = runs[i]; }
  }
  return stages::report::render_comparison(inputs);
}

void write_report(const ReportOptions& options) {
  const auto page = page_of(options.runs);
  publish_file(options.out, page);
  log::info(fmt::format("the report is {} ({} kB, opens in any browser)", options.out, page.size() / 1024));
}

}  // namespace

void add_report(CLI::App& app) {
  auto* command =
      app.add_subcommand("report",
                         "Write one HTML page about a run or a system: detector, restored faces, curves; of "
                         "several detectors, a comparison");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("RUN", options->runs, "The run.dir of `train` or `run`; several are compared with the first")
      ->required()
      ->expected(1, static_cast<int>(stages::report::kMostRuns));
  command->add_option("--out", options->out, "The page")->capture_default_str();
  command->callback([options] { write_report(*options); });
}

}  // namespace realface::launcher
