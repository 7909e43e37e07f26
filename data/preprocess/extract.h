#pragma once

#include <array>
#include <memory>
#include <string>

#include "data/preprocess/config.h"
#include "data/preprocess/faces/face_finder.h"
#include "data/preprocess/phases.h"
#include "data/preprocess/video/decoder.h"
#include "data/preprocess/video/frame_reader.h"
#include "data/shards/records.h"

namespace realface::data::preprocess {

/// One video turned into faces, and what a report says of it.
struct Extracted {
  VideoRecord record;
  std::string why;         // for people, where no frame is stored or the file is damaged
  int64_t considered = 0;  // frames that were decoded and searched
  int64_t detected = 0;    // of these, with the person's face
  int64_t masks_missing = 0;
  int64_t bad_packets = 0;
  PhaseSeconds seconds;
};

/// Decodes the chosen frames (G13), finds one person through them (G22), crops (G12) and encodes, with masks (L5) and
/// the labels of the source's runs. Never throws for what is wrong with the file: the status says it. A file whose
/// decoder dies is tried again with a new one; the second time, a video has status `crashed`, and a mask or an original
/// is done without. Errors of this machine (memory, disk, no decoder) are thrown.
Extracted extract(const importers::Source& source, const PreprocessConfig& config, FaceFinder& finder,
                  Decoder& decoder);

}  // namespace realface::data::preprocess
