#pragma once

#include <string>

#include "stages/report/page.h"

/// The report's sections, each a function of the input, which has at least one part; each says in words what is
/// missing.
namespace realface::stages::report::html {

std::string summary_tiles(const ReportInput& input);
std::string detection(const ReportInput& input);       // detection.cpp; "" if nothing was evaluated
std::string restored_faces(const ReportInput& input);  // faces.cpp
std::string against_guesses(const ReportInput& input);
std::string real_against_manipulated(const ReportInput& input);
std::string training(const ReportInput& input);    // training.cpp; a section for each part that trained
std::string throughput(const ReportInput& input);  // throughput.cpp; "" if no part says its times
std::string provenance(const ReportInput& input);

/// The result of the detector in one sentence, as markup. For an input with detected().
std::string detector_in_words(const ReportInput& input);

/// Was a detector evaluated?
bool detected(const ReportInput& input);
inline bool is_system(const ReportInput& input) { return input.parts.size() > 1; }
/// The name of a system's entry, its kind if that is another word, and whether it has finished; as markup.
std::string entry_title(const RunPart& part);
/// Items of <ul class="tiles"> on one training.
std::string training_tiles(const RunPart& part);

}  // namespace realface::stages::report::html
