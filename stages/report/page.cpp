#include "stages/report/page.h"

#include "stages/report/html.h"
#include "stages/report/sections.h"
#include "stages/report/style.h"

namespace realface::stages::report {
namespace {

/// Of the network that the report is about: what was restored was restored by a checkpoint, which may be older than the
/// last line of the curve.
int64_t updates_of(const ReportInput& input) {
  if (input.reconstruction) {
    const auto& provenance = input.reconstruction->provenance;
    const auto found = provenance.find("update");
    if (found != provenance.end() && found->is_number_integer()) { return found->get<int64_t>(); }
  }
  return input.curve.empty() ? 0 : input.curve.back().step;
}

std::string lead(const ReportInput& input) {
  std::string words = "A masked autoencoder that learned from real faces only";
  if (const int64_t updates = updates_of(input); updates > 0) { words += ", in " + html::count(updates) + " updates"; }
  if (!input.reconstruction) { return words + "."; }
  const double ratio = input.reconstruction->ratio();
  if (!(ratio > 0)) { return words + ", and how well it restores hidden parts of faces."; }
  words += ". It restores hidden parts of ";
  words += input.reconstruction->never_seen() ? "faces it has never seen" : "faces";
  words += " with " + html::number(ratio) + " times the error of the best guess that needs no network";
  return words + (ratio < 1 ? "." : ": it has learned nothing useful yet.");
}

}  // namespace

std::string render(const ReportInput& input) {
  const std::string title = "realface: " + html::escape(input.run.empty() ? "a run" : input.run);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n<title>" +
         title + "</title>\n<style>" + html::kStyle + "</style>\n</head>\n<body>\n<main>\n<h1>" + title + "</h1>\n" +
         html::element("p", "lead", lead(input)) + html::summary_tiles(input) + html::restored_faces(input) +
         html::against_guesses(input) + html::real_against_manipulated(input) + html::training(input) +
         html::provenance(input) + "</main>\n</body>\n</html>\n";
}

}  // namespace realface::stages::report
