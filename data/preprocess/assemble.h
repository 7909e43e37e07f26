#pragma once

#include "data/preprocess/output.h"
#include "data/preprocess/plan.h"
#include "data/preprocess/report.h"

namespace realface::data::preprocess {

/// Writes one shard from the parts of its videos, in the order of the plan, with its report beside the parts; then
/// removes the parts. Stopped anywhere, it can be done again and gives the same bytes.
void assemble(const Plan& plan, const PlannedShard& shard, const OutputFolder& output);

/// Publishes the manifest of all sealed shards and returns the whole report. Removes `.parts/`.
Report finish(const Plan& plan, const OutputFolder& output);

/// The report of a finished output, from its manifest.
Report finished_report(const OutputFolder& output);

}  // namespace realface::data::preprocess
