#include "stages/evaluate/stage.h"

#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "distributed/agreement.h"
#include "stages/evaluate/score_videos.h"
#include "stages/finetune/stage.h"
#include "stages/scores/results.h"

namespace realface::stages {

/// How many sets are done; their scores are in scores.csv.
class Evaluate::Progress final : public Part {
 public:
  explicit Progress(Evaluate& stage) : stage_(stage) {}

  std::string part_name() const override { return "stage"; }
  std::vector<Slice> tensors() const override { return {}; }
  nlohmann::json values() const override {
    nlohmann::json done = nlohmann::json::array();
    for (int64_t i = 0; i < position; ++i) { done.push_back(stage_.sets_[static_cast<size_t>(i)].name); }
    return {{"done", done}, {"digest", stage_.walk_.data.dataset_digest()}};
  }
  void restore(const nlohmann::json& values) override {
    if (values.at("digest") != stage_.walk_.data.dataset_digest()) {
      throw DataError("[data.sets] the data is not what was scored before; begin in a new run.dir");
    }
    const auto done = values.at("done").get<std::vector<std::string>>();
    for (size_t i = 0; i < done.size(); ++i) {
      if (i < stage_.sets_.size() && stage_.sets_[i].name == done[i]) { continue; }
      throw Error(fmt::format(
          "[data.sets] set '{}' was scored before and is not among them now in its place; begin in a new run.dir",
          done[i]));
    }
    position = static_cast<int64_t>(done.size());
    distributed::agree(stage_.walk_.world.host_group(), "scores", [&] {
      if (stage_.walk_.world.rank() == 0 && position > 0) {
        stage_.scores_ = read_scores(stage_.walk_.run_dir / kScoresFile);
      }
    });
  }

  int64_t position = 0;

 private:
  Evaluate& stage_;
};

Evaluate::Evaluate(const EvaluateConfig& config, const Walk& walk)
    : config_(config),
      walk_(walk),
      pixels_(config.pixels, config.model.patch, walk.world.device()),
      vit_(walk.models.get<models::VitImpl>("vit")),
      scores_{{"vit"}, {}},
      progress_(std::make_unique<Progress>(*this)) {
  for (const auto& [name, folder] : walk.data_config.sets) { sets_.push_back({name, folder}); }
  if (sets_.empty()) { sets_.push_back({"test", walk.data_config.shards}); }
}

Evaluate::~Evaluate() = default;

int64_t Evaluate::position() const { return progress_->position; }

std::vector<Part*> Evaluate::parts() { return {progress_.get()}; }

data::StreamNeeds Evaluate::needs(const std::string& set) const {
  data::StreamNeeds videos;
  videos.name = set;
  videos.split = config_.split;
  videos.label = "any";
  videos.endless = false;
  videos.unit = "segments";
  videos.frames = config_.frames;
  videos.batch = config_.batch * walk_.world.size();
  videos.image = config_.model.image;
  videos.patch = config_.model.patch;
  videos.mask.kind = "none";
  return videos;
}

torch::Tensor Evaluate::probabilities(const torch::Tensor& frames) const {
  return at::softmax(classify_videos(*vit_, pixels_, frames).to(torch::kFloat32), -1).select(-1, 1);  // G21
}

StepReport Evaluate::step(const data::Step& /*step*/) {
  const auto& set = sets_[static_cast<size_t>(progress_->position)];
  auto config = walk_.data_config;
  config.shards = set.folder;
  const auto stream = data::open(config, {needs(set.name)}, walk_.world);
  std::optional<SampleTable> table;
  distributed::agree(walk_.world.host_group(), "evaluate", [&] { table = SampleTable::read(set.folder); });
  const auto branch = [this](const torch::Tensor& frames) { return probabilities(frames); };
  const auto scores = score_videos(branch, *stream, set.name, *table, walk_.world);
  if (!scores) { return {}; }  // a signal: the loop asks next
  keep(set, *table, *scores);
  ++progress_->position;
  StepReport report;
  report.samples = static_cast<int64_t>(scores->size());
  return report;
}

/// Videos without a face have a row too, without a score (V5). One whose label is unknown tells nothing.
void Evaluate::keep(const DataSet& set, const SampleTable& table, const std::vector<double>& scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    const auto& video = table.videos()[i];
    if (video.label < 0 || (config_.split != "all" && video.split != config_.split)) { continue; }
    const bool scored = !std::isnan(scores[i]);
    scores_.videos.push_back({set.name, video.dataset, video.key, video.method, video.label,
                              scored ? config_.frames : 0, scored ? std::vector{scores[i]} : std::vector<double>{},
                              scores[i]});
  }
  distributed::agree(walk_.world.host_group(), "scores", [&] {
    if (walk_.world.rank() == 0) { write_scores(walk_.run_dir / kScoresFile, scores_); }
  });
}

void Evaluate::finish() {
  distributed::agree(walk_.world.host_group(), "results", [&] {
    if (walk_.world.rank() != 0) { return; }
    auto results = results_of(scores_);
    results["frames"] = config_.frames;
    results["split"] = config_.split;
    results["weights"] = {{"vit", walk_.models.entry("vit").source}};
    publish_file(walk_.run_dir / kResultsFile, results.dump(2) + "\n");
    for (const auto& [name, set] : results["sets"].items()) {
      const auto& all = set["video"]["all"];
      log::info(fmt::format("{}: AUC {} [{}, {}] of {} real and {} fake videos", name, all["auc"].dump(),
                            all["auc_low"].dump(), all["auc_high"].dump(), all["real"].dump(), all["fake"].dump()));
    }
  });
}

}  // namespace realface::stages
