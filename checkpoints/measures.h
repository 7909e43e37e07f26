#pragma once

#include <string>

namespace realface::checkpoints {

/// Makes every number of this room exist at 0, so that a scrape shows it before the first save.
void announce_measures();

/// Adds to the histogram checkpoint_NAME_seconds: counters in the form that docs/metrics.md gives for histograms.
void observe_seconds(const std::string& name, double seconds);

/// Adds one to checkpoint_total{result="saved|failed|no_room"}.
void count_result(const std::string& result);

}  // namespace realface::checkpoints
