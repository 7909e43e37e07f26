#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/settings.h"
#include "configs/config.h"

namespace realface::configs {

/// The paths of the weights that a loaded configuration refers to.
std::vector<std::string> weights_of(const Config& config);

/// Notes every way in which the stage, or a finished run whose weights it takes, learns from fakes of other methods
/// than `allowed`: what counts is the streams that are trained on, not the keys. In runs of `known` it does not look. A
/// run that is not there any more is noted too, since nobody knows what it learned from.
/// refuse_select: evaluate.select is one too, since the videos that it looks at are of all methods.
void find_leaks(const Config& config, const std::vector<std::string>& allowed, const std::set<std::string>& known,
                bool refuse_select, Faults& faults);

}  // namespace realface::configs
