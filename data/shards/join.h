#pragma once

#include <vector>

#include "data/shards/manifest.h"

namespace realface::data {

/// The manifest of several datasets as one: their shards one after the other, and every name of a manipulation, dataset
/// or compression once. Its digest changes with each of theirs and with their order. `config` is that of the first,
/// less the compression if they differ in it. `manifests` must not be empty. Throws DataError, naming both folders, for
/// sizes or codecs that differ, faces that were cut out in different ways, and one dataset given twice. Internal to
/// data/.
Manifest join(const std::vector<Manifest>& manifests);

}  // namespace realface::data
