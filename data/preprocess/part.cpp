#include "data/preprocess/part.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/crc32c.h"
#include "base/error.h"

namespace realface::data::preprocess {
namespace {

using Json = nlohmann::json;

Json binary(const std::string& bytes) { return Json::binary(std::vector<uint8_t>(bytes.begin(), bytes.end())); }

std::string text(const Json& json) {
  const auto& bytes = json.get_binary();
  return {bytes.begin(), bytes.end()};
}

Json frame_json(const FrameRecord& frame) {
  return {{"blob", binary(frame.blob)}, {"pts", frame.pts_us},          {"index", frame.src_index},
          {"label", frame.label},       {"landmarks", frame.landmarks}, {"affine", frame.affine},
          {"bbox", frame.bbox},         {"score", frame.score},         {"flags", frame.flags},
          {"mask", binary(frame.mask)}};
}

FrameRecord frame_of(const Json& json) {
  FrameRecord frame;
  frame.blob = text(json.at("blob"));
  frame.pts_us = json.at("pts");
  frame.src_index = json.at("index");
  frame.label = json.at("label");
  frame.landmarks = json.at("landmarks");
  frame.affine = json.at("affine");
  frame.bbox = json.at("bbox");
  frame.score = json.at("score");
  frame.flags = json.at("flags");
  frame.mask = text(json.at("mask"));
  return frame;
}

Json record_json(const VideoRecord& record) {
  Json json = {{"key", record.key},
               {"label", record.label},
               {"manip", record.manip},
               {"dataset", record.dataset},
               {"compression", record.compression},
               {"identity", record.identity},
               {"partner", record.partner},
               {"group", record.group},
               {"sha256", record.source_sha256},
               {"fps", record.fps},
               {"n_src", record.n_src},
               {"width", record.width},
               {"height", record.height},
               {"source_bytes", record.source_bytes},
               {"status", static_cast<int>(record.status)},
               {"mask_source", static_cast<int>(record.mask_source)},
               {"segments", Json::array()},
               {"frames", Json::array()}};
  for (const Segment& run : record.segments) { json["segments"].push_back({run.first, run.last, run.label}); }
  for (const auto& frame : record.frames) { json["frames"].push_back(frame_json(frame)); }
  return json;
}

VideoRecord record_of(const Json& json) {
  VideoRecord record;
  record.key = json.at("key");
  record.label = json.at("label");
  record.manip = json.at("manip");
  record.dataset = json.at("dataset");
  record.compression = json.at("compression");
  record.identity = json.at("identity");
  record.partner = json.at("partner");
  record.group = json.at("group");
  record.source_sha256 = json.at("sha256");
  record.fps = json.at("fps");
  record.n_src = json.at("n_src");
  record.width = json.at("width");
  record.height = json.at("height");
  record.source_bytes = json.value("source_bytes", int64_t{0});  // parts of an older program have none
  record.status = static_cast<VideoStatus>(json.at("status").get<int>());
  record.mask_source = static_cast<MaskSource>(json.at("mask_source").get<int>());
  for (const auto& run : json.at("segments")) { record.segments.push_back({run.at(0), run.at(1), run.at(2)}); }
  for (const auto& frame : json.at("frames")) { record.frames.push_back(frame_of(frame)); }
  return record;
}

}  // namespace

void write_part(const std::filesystem::path& path, const Extracted& video, const std::string& plan_digest) {
  const PhaseSeconds& s = video.seconds;
  const Json json = {{"plan", plan_digest},
                     {"record", record_json(video.record)},
                     {"why", video.why},
                     {"considered", video.considered},
                     {"detected", video.detected},
                     {"masks_missing", video.masks_missing},
                     {"bad_packets", video.bad_packets},
                     {"seconds", {s.decode, s.detect, s.crop, s.encode}}};
  std::string bytes;
  // Lax about text that is no UTF-8: names of files may be anything.
  Json::to_cbor(json, bytes);
  const uint32_t sum = crc32c(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  publish_file(path, bytes);
}

Extracted read_part(const std::filesystem::path& path, const std::string& plan_digest) {
  const std::string bytes = read_file(path);
  uint32_t sum = 0;
  const size_t size = bytes.size() < sizeof sum ? 0 : bytes.size() - sizeof sum;
  if (size > 0) { std::memcpy(&sum, bytes.data() + size, sizeof sum); }
  if (size == 0 || sum != crc32c(bytes.data(), size)) {
    throw DataError("[" + path.string() + "] is damaged; delete it and run the same command again");
  }
  const Json json = Json::from_cbor(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
  if (json.at("plan") != plan_digest) {
    throw DataError("[" + path.string() + "] belongs to another plan; delete it and run the same command again");
  }
  Extracted video;
  video.record = record_of(json.at("record"));
  video.why = json.at("why");
  video.considered = json.at("considered");
  video.detected = json.at("detected");
  video.masks_missing = json.at("masks_missing");
  video.bad_packets = json.at("bad_packets");
  const auto& s = json.at("seconds");
  video.seconds = {s.at(0), s.at(1), s.at(2), s.at(3)};
  return video;
}

}  // namespace realface::data::preprocess
