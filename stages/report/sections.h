#pragma once

#include <string>

#include "stages/report/page.h"

/// The report's sections, each a function of the input; each says in words what is missing.
namespace realface::stages::report::html {

std::string summary_tiles(const ReportInput& input);
std::string restored_faces(const ReportInput& input);
std::string against_guesses(const ReportInput& input);
std::string real_against_manipulated(const ReportInput& input);
std::string training(const ReportInput& input);  // report_training.cpp
std::string provenance(const ReportInput& input);

/// What the tiles and the training section both say; NaN where metrics.jsonl does not tell.
struct TrainingFigures {
  double last_loss = 0;          // median of the last 5 % of the lines
  double images_per_second = 0;  // median
  double data_wait_share = 0;    // of the main thread's time
};
TrainingFigures training_figures(const ReportInput& input);

}  // namespace realface::stages::report::html
