#include "stages/report/page.h"

#include "stages/report/html.h"
#include "stages/report/sections.h"

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
  const auto& curve = input.parts.front().curve;
  return html::is_system(input) || curve.empty() ? 0 : curve.back().step;
}

/// A sentence that begins with a space, or "" if nothing was restored.
std::string restoring(const ReportInput& input, const std::string& who) {
  if (!input.reconstruction || !(input.reconstruction->ratio() > 0)) { return ""; }
  const double ratio = input.reconstruction->ratio();
  std::string words = " " + who + " restores hidden parts of ";
  words += input.reconstruction->never_seen() ? "faces it has never seen" : "faces";
  words += " with " + html::number(ratio) + " times the error of the best guess that needs no network";
  return words + (ratio < 1 ? "." : ": it has learned nothing useful yet.");
}

std::string entries_in_words(const ReportInput& input) {
  std::string names;
  for (const auto& part : input.parts) { names += (names.empty() ? "" : ", ") + html::entry_title(part); }
  return "A system of " + html::count(static_cast<int64_t>(input.parts.size())) + " entries: " + names +
         ". No detector of it was evaluated yet.";
}

std::string lead(const ReportInput& input) {
  if (html::detected(input)) { return html::detector_in_words(input) + restoring(input, "Its autoencoder"); }
  if (html::is_system(input)) { return entries_in_words(input) + restoring(input, "Its autoencoder"); }
  const auto& kind = input.parts.front().kind;
  std::string words = kind.empty() || kind == "pretrain" ? "A masked autoencoder that learned from real faces only"
                                                         : "A run of the stage " + html::escape(kind);
  if (const int64_t updates = updates_of(input); updates > 0) { words += ", in " + html::count(updates) + " updates"; }
  if (!input.reconstruction) { return words + "."; }
  const auto restored = restoring(input, "It");
  return words + (restored.empty() ? ", and how well it restores hidden parts of faces." : "." + restored);
}

}  // namespace

std::string render(const ReportInput& input) {
  if (input.parts.empty()) {
    auto with_part = input;
    with_part.parts.emplace_back();
    return render(with_part);
  }
  return html::document("realface: " + (input.run.empty() ? "a run" : input.run),
                        html::element("p", "lead", lead(input)) + html::summary_tiles(input) + html::detection(input) +
                            html::restored_faces(input) + html::against_guesses(input) +
                            html::real_against_manipulated(input) + html::training(input) + html::throughput(input) +
                            html::provenance(input));
}

}  // namespace realface::stages::report
