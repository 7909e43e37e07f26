#include "data/preprocess/assemble.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <opencv2/core/version.hpp>

#include "base/atomic_file.h"
#include "base/log.h"
#include "data/preprocess/part.h"
#include "data/preprocess/video/frame_reader.h"
#include "data/shards/manifest.h"
#include "data/shards/reader.h"
#include "data/shards/writer.h"

namespace realface::data::preprocess {
namespace fs = std::filesystem;
namespace {

ShardHeader header_of(const Plan& plan, const PlannedShard& shard) {
  ShardHeader header;
  header.codec = frame_codec(plan.config);
  header.height = header.width = plan.config.at("size").get<int64_t>();
  header.split = shard.split;
  header.shard_id = shard.id;
  header.n_shards = shard.of;
  header.matrix = kColourRule;
  const auto& align = plan.config.at("align");
  header.crop = fmt::format("{}; align {}; bicubic", plan.config.at("crop").get_ref<const std::string&>(),
                            align == "none" ? "none" : "similarity to ArcFace's five points");
  header.margin = plan.config.at("margin");
  header.detector = plan.config.at("detector");
  header.landmark_model_sha256 = plan.config.at("landmark_model_sha256");
  header.libraries = video_libraries() + "; OpenCV " CV_VERSION;
  header.code_version = plan.code_version;
  header.config_digest = plan.config_digest;
  header.plan_digest = plan.digest;
  header.names = plan.names;
  return header;
}

}  // namespace

void assemble(const Plan& plan, const PlannedShard& shard, const OutputFolder& output) {
  ShardTotals totals;
  Report report;
  for (const int64_t video : shard.videos) {
    const Extracted part = read_part(output.part(video), plan.digest);
    totals.count(part.record);
    report.count(shard.split, part);
  }
  // Before the shard: where there is a shard there is its report, also after a kill between the two.
  publish_file(output.report(shard), report.json(true).dump());
  ShardWriter writer(output.shard(shard), header_of(plan, shard), totals);
  for (const int64_t video : shard.videos) { writer.add(read_part(output.part(video), plan.digest).record); }
  writer.seal();
  for (const int64_t video : shard.videos) {
    std::error_code ignored;  // it only takes space, and goes with .parts in the end
    fs::remove(output.part(video), ignored);
  }
}

Report finish(const Plan& plan, const OutputFolder& output) {
  Manifest manifest;
  manifest.plan_digest = plan.digest;
  manifest.dataset_id = plan.digest.substr(0, 32);
  manifest.codec = frame_codec(plan.config);
  manifest.height = manifest.width = plan.config.at("size").get<int64_t>();
  manifest.names = plan.names;
  Report report;
  for (const auto& shard : plan.shards) {
    manifest.shards.push_back(open_shard(output.shard(shard)).entry());
    report.add(Report::from_json(output.read_note(output.report(shard), {})));
  }
  manifest.config = {{"preprocess", plan.config}, {"code_version", plan.code_version}, {"report", report.json(false)}};
  manifest.save(output.path());
  output.clean();
  return report;
}

Report finished_report(const OutputFolder& output) {
  return Report::from_json(Manifest::load(output.path()).config.at("report"));
}

}  // namespace realface::data::preprocess
