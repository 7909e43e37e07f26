#include "stages/report/sections.h"

#include <cmath>

#include "stages/report/charts.h"
#include "stages/report/faces.h"
#include "stages/report/html.h"

namespace realface::stages::report::html {
namespace {

std::string class_table(const Reconstruction& result) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& entry : result.classes) {
    const bool known = std::isfinite(entry.low) && std::isfinite(entry.high);
    rows.push_back({escape(spoken(entry.name)), count(entry.videos), count(entry.frames), number(entry.error),
                    known ? number(entry.low) + " to " + number(entry.high) : "not known",
                    entry.name == "real" ? "–" : number(entry.auc)});
  }
  return table("Restoration error by class", {"faces", "videos", "frames", "mean error", "95 % interval", "AUC"}, rows,
               1);
}

/// What made one part, as a table, and its configuration.
std::string provenance_of(const RunPart& part) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [label, value] : part.provenance) { rows.push_back({escape(label), escape(value)}); }
  std::string content = rows.empty() ? missing("The run has no checkpoint that says what made it.")
                                     : table("What made " + escape(part.name.empty() ? "it" : part.name), {}, rows, 2);
  if (!part.configuration.empty()) {
    content +=
        "<details><summary>The whole configuration</summary><pre>" + escape(part.configuration) + "</pre></details>\n";
  }
  return content;
}

}  // namespace

std::string entry_title(const RunPart& part) {
  const bool told = part.kind.empty() || part.kind == part.name;
  return escape(part.name) + (told ? "" : " (" + escape(part.kind) + ")") + (part.finished ? "" : ", not finished");
}

std::string summary_tiles(const ReportInput& input) {
  if (detected(input)) { return ""; }  // the detector's come first, with its section
  std::string tiles;
  if (input.reconstruction) {
    tiles += tile(number(input.reconstruction->ratio()), "of the best guess's error",
                  "on hidden patches; 1 is no better than guessing, lower is better");
  }
  if (!is_system(input)) { tiles += training_tiles(input.parts.front()); }
  return tiles.empty() ? "" : element("ul", "tiles", tiles);
}

std::string against_guesses(const ReportInput& input) {
  if (!input.reconstruction) { return ""; }
  const auto& result = *input.reconstruction;
  charts::BarChart chart{"Error of the network and of two guesses", "mean squared error of a hidden patch", {}};
  chart.bars.push_back({"the network", "", result.model_error(), kNaN, kNaN, "model"});
  chart.bars.push_back({"colour of its neighbours", "", result.neighbours_error(), kNaN, kNaN, "guess"});
  chart.bars.push_back({"mean of training faces", "", result.train_mean_error(), kNaN, kNaN, "guess"});
  const auto picture = charts::draw(chart);
  if (picture.empty()) {
    return section("guesses", "Better than guessing?",
                   missing("The " + escape(result.split) + " split has no real face, so there is nothing to compare."));
  }
  return section(
      "guesses", "Better than guessing?",
      paragraph(
          "The same hidden patches, of real faces only, filled in three ways: by the network, by the mean colour of the visible patches around each, and by what that patch shows on average over " +
          count(result.baseline_faces) + " training faces.") +
          picture +
          paragraph("The network's error is <strong>" + number(result.ratio()) +
                    "</strong> of the better guess's, over " + count(result.held_out.patches) + " hidden patches of " +
                    count(result.held_out.frames) + " faces. Errors are in normalised pixel values, squared."));
}

std::string real_against_manipulated(const ReportInput& input) {
  if (!input.reconstruction) { return ""; }
  const auto& result = *input.reconstruction;
  charts::BarChart chart{"Restoration error by class", "mean squared error of a hidden patch, mean over videos", {}};
  bool manipulated = false;
  std::string pictures;
  for (const auto& entry : result.classes) {
    const bool real = entry.name == "real";
    manipulated = manipulated || !real;
    chart.bars.push_back({spoken(entry.name), "", entry.error, entry.low, entry.high, real ? "real" : "fake"});
    const auto faces = real ? "" : faces_of(result, entry.name);
    if (!faces.empty()) { pictures += "<h3>" + escape(spoken(entry.name)) + "</h3>\n" + faces; }
  }
  const std::string heading = "Real faces against manipulated ones";
  if (!manipulated) {
    return section("manipulated", heading, missing("This dataset holds no manipulated faces to compare with."));
  }
  std::string content = paragraph(
      "The network learned from real faces only. Does it fail more often on faces that somebody has tampered with? Bars are means over videos, whiskers their 95 % intervals (Student's t; frames of one video count once).");
  content += charts::draw(chart) + class_table(result);
  content += element(
      "p", "caption",
      std::string(
          "AUC: the chance that a manipulated video's error is above a real one's; 0.5 is a coin toss. It is a naive score, shown for honesty: ") +
          (is_system(input)
               ? "it is not the detector's, and near (or under) 0.5 is what to expect."
               : "no detector was trained here, and an AUC near (or under) 0.5 is what to expect. Detectors are built on this network in later stages."));
  if (!pictures.empty()) {
    // What a localiser says of them is for all to see.
    content += std::string("<details") + (shows_masks(result) ? " open=\"open\"" : "") +
               "><summary>Manipulated faces, restored</summary>\n" + pictures + "</details>\n";
  }
  return section("manipulated", heading, content);
}

std::string provenance(const ReportInput& input) {
  std::string content;
  for (const auto& part : input.parts) {
    content += (is_system(input) ? element("h3", "", entry_title(part)) : "") + provenance_of(part);
  }
  return section("provenance", "What was run", content);
}

}  // namespace realface::stages::report::html
