#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "data/importers/importers.h"
#include "data/shards/records.h"

/// What a source says of its video and of its frames.
namespace realface::data::preprocess {

/// The record of its video before anything is read.
VideoRecord record_of(const importers::Source& source);

/// SHA-256 of a file; of a folder of frames, of its files' digests in their order. Throws Error for what cannot be
/// read.
Digest source_digest(const importers::Source& source);

/// Of frame `index`: its run's, else the video's.
int8_t label_of(const importers::Source& source, int32_t index);

/// Its runs as far as there are frames.
std::vector<Segment> segments_of(const importers::Source& source, int32_t frames);

/// Empty where its compression is the one that x264 noted in the file (negative: none), else what differs: a tree may
/// lie about it ("Traps" in docs/datasets.md).
std::string wrong_compression(const importers::Source& source, double x264_crf);

}  // namespace realface::data::preprocess
