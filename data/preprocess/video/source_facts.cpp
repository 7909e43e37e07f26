#include "data/preprocess/video/source_facts.h"

#include <algorithm>
#include <cmath>

#include "data/importers/files.h"

namespace realface::data::preprocess {

VideoRecord record_of(const importers::Source& source) {
  VideoRecord record;
  record.key = source.key;
  record.label = source.label;
  record.manip = source.manip;
  record.dataset = source.dataset;
  record.compression = source.compression;
  record.identity = source.identity;
  record.partner = source.partner;
  record.group = source.group;
  record.source_bytes = source.bytes;
  return record;
}

Digest source_digest(const importers::Source& source) {
  if (source.kind != importers::SourceKind::frames) { return sha256_file(source.path); }
  Sha256 all;
  for (const auto& file : importers::frame_files(source.path)) {
    const Digest one = sha256_file(file.string());
    all.update(one.data(), one.size());
  }
  return all.finish();
}

int8_t label_of(const importers::Source& source, int32_t index) {
  for (const importers::LabelledRun& run : source.runs) {
    if (index >= run.first && index - run.first < run.count) { return run.label; }
  }
  return source.label;
}

std::vector<Segment> segments_of(const importers::Source& source, int32_t frames) {
  std::vector<Segment> segments;
  for (const importers::LabelledRun& run : source.runs) {
    const auto end = std::min<int64_t>(int64_t{run.first} + run.count, frames);
    if (run.first >= 0 && run.first < end) {
      segments.push_back({run.first, static_cast<int32_t>(end - 1), run.label});
    }
  }
  return segments;
}

std::string wrong_compression(const importers::Source& source, double x264_crf) {
  const std::string& level = source.compression;
  const bool comparable = x264_crf >= 0 && level.size() >= 2 && level[0] == 'c' &&
                          level.find_first_not_of("0123456789", 1) == std::string::npos;
  if (!comparable || std::abs(std::stod(level.substr(1)) - x264_crf) < 0.5) { return ""; }
  std::string text = "it lies among the videos of compression " + level + ", but x264 noted crf ";
  return text.append(std::to_string(std::lround(x264_crf))).append(" in it");
}

}  // namespace realface::data::preprocess
