#pragma once

#include <functional>
#include <map>
#include <string>

#include "data/streams.h"
#include "distributed/world.h"
#include "models/set.h"
#include "stages/run.h"

namespace realface::stages {

/// How well a detector tells videos apart while it is trained: the AUC of each of data.sets, or of data.shards as the
/// set "validation", by the name "auc/SET", and if it has fakes of several manipulations, of each by "auc/SET/METHOD".
/// What training draws is not touched: with or without it, a run ends with the same weights.
///
/// Of the networks that are branches (branches.h), as they are at that moment; null if there are none, or
/// run.eval_every is 0. Holds the arguments, which outlive it. Collective, as calling it is. Throws DataError for a set
/// without faces of the split.
Evaluation validation(const LoopConfig& config, const models::Set& models, const data::DataConfig& data,
                      distributed::World& world);

}  // namespace realface::stages
