#include "stages/evaluate/stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "distributed/agreement.h"
#include "stages/evaluate/select.h"
#include "stages/evaluate/sets.h"
#include "stages/evaluate/similarity.h"
#include "stages/scores/frame_scores.h"
#include "stages/scores/localization.h"
#include "stages/scores/results.h"
#include "stages/training/saved.h"

namespace realface::stages {
namespace {

/// For a log; results.json has all digits.
std::string shown(const nlohmann::json& number) {
  return number.is_null() ? "null" : fmt::format("{:.3f}", number.get<double>());
}

std::string located(const nlohmann::json& fakes) {
  return fmt::format(", masks of fakes with IoU {} (pooled {})", shown(fakes["iou"]), shown(fakes["iou_pooled"]));
}

bool have_common(const data::Folders& some, const data::Folders& others) {
  return std::ranges::any_of(some.paths(), [&](const auto& folder) {
    return std::ranges::any_of(others.paths(),
                               [&](const auto& other) { return std::filesystem::equivalent(folder, other); });
  });
}

}  // namespace

/// How many sets are done; their scores are in the files, those of their frames in sum.
class Evaluate::Progress final : public Part {
 public:
  explicit Progress(Evaluate& stage) : stage_(stage) {}

  std::string part_name() const override { return "stage"; }
  std::vector<Slice> tensors() const override { return {}; }
  nlohmann::json values() const override {
    nlohmann::json done = nlohmann::json::array();
    for (int64_t i = 0; i < position; ++i) { done.push_back(stage_.sets_[static_cast<size_t>(i)].name); }
    return {{"done", done},
            {"digest", stage_.walk_.data.dataset_digest()},
            {"frames", frames},
            {"frame_bytes", frame_bytes},
            {"similarity", similarity},
            {"localization", localization}};
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
    frames = values.at("frames");
    frame_bytes = values.at("frame_bytes").get<size_t>();
    similarity = values.value("similarity", similarity);
    localization = values.value("localization", localization);
    distributed::agree(stage_.walk_.world.host_group(), "scores", [&] {
      if (stage_.walk_.world.rank() == 0 && position > 0) {
        stage_.scores_ = read_scores(stage_.walk_.run_dir / kScoresFile);
        // The file may be newer than the checkpoint.
        std::erase_if(stage_.scores_.videos,
                      [&](const VideoScore& video) { return std::ranges::find(done, video.set) == done.end(); });
      }
    });
  }

  int64_t position = 0;
  nlohmann::json frames = nlohmann::json::object();        // by set: frame_results
  size_t frame_bytes = 0;                                  // of frame_scores.csv that are of those sets
  nlohmann::json similarity = nlohmann::json::object();    // by set: similarity_results
  nlohmann::json localization = nlohmann::json::object();  // by set: localization_results

 private:
  Evaluate& stage_;
};

Evaluate::Evaluate(const EvaluateConfig& config, const Walk& walk)
    : config_(config),
      walk_(walk),
      branches_(branches_of(walk.models, walk.world.device())),
      progress_(std::make_unique<Progress>(*this)) {
  for (const auto& branch : branches_) { scores_.branches.push_back(branch.name); }
  for (const auto& [name, folder] : walk.data_config.sets) { sets_.push_back({name, folder}); }
  if (sets_.empty()) { sets_.push_back({"test", walk.data_config.shards}); }
  distributed::agree(walk.world.host_group(), "evaluate", [&] {
    // At the start, since what was scored before would otherwise be scored again once the set is mended.
    require_faces(walk.data_config, config.split);
  });
  read_crops();
  select_checkpoints();
}

Evaluate::~Evaluate() = default;

int64_t Evaluate::position() const { return progress_->position; }

std::vector<Part*> Evaluate::parts() { return {progress_.get()}; }

int64_t Evaluate::frames_scored(int64_t stored) const {
  const int64_t clip = clip_of(branches_);
  return std::min(stored, clip > 0 ? config_.clips * clip : config_.frames);
}

/// Refuses crops that the branches were not trained on.
std::unique_ptr<data::Streams> Evaluate::open(const DataSet& set, const std::string& split) const {
  auto config = walk_.data_config;
  config.shards = set.folders;
  auto stream = data::open(config,
                           {videos_to_score(branches_, set.name, split, {config_.frames, config_.clips},
                                            config_.batch * walk_.world.size())},
                           walk_.world);
  require_crops(*stream);
  return stream;
}

void Evaluate::select_checkpoints() {
  if (config_.select.empty()) { return; }
  auto& set = selected_on_ = {config_.select, walk_.data_config.shards};
  const auto named = std::ranges::find(sets_, config_.select, &DataSet::name);
  if (named != sets_.end()) {
    set = *named;
  } else if (config_.select != "val") {
    throw ConfigError(
        fmt::format("[evaluate.select] there is no set '{}' in data.sets; name one of them, or val", config_.select));
  }
  const auto& split = selected_split_ = named != sets_.end() ? config_.split : "val";
  std::optional<SampleTable> table;
  distributed::agree(walk_.world.host_group(), "evaluate", [&] { table = SampleTable::read(set.folders); });
  const SelectionVideos videos{set.name, *table, [&] { return open(set, split); }};
  for (const auto& branch : branches_) {
    selected_[branch.name] =
        select_checkpoint(branch, config_.weights_of(branch.name), walk_.models, videos, walk_.world);
  }
}

/// Whether checkpoints were chosen by some of the set's videos, under whatever name.
bool Evaluate::is_oracle(const DataSet& set) const {
  const bool overlap = selected_split_ == config_.split || selected_split_ == "all" || config_.split == "all";
  return !selected_.empty() && overlap && have_common(set.folders, selected_on_.folders);
}

/// Once, since a checkpoint is verified to be read.
void Evaluate::read_crops() {
  if (walk_.data_config.crops == "any") { return; }
  for (const auto& branch : branches_) {
    const auto& path = config_.weights_of(branch.name);
    trained_on_.push_back({branch.name, path, saved_crops(path, branch.name, walk_.world.host_group())});
  }
}

void Evaluate::require_crops(const data::Streams& stream) const {
  for (const auto& one : trained_on_) {
    require_same_crops(one.weights, one.branch, one.crops, stream.crops(), walk_.world.host_group());
  }
}

/// Null for a set, or a split, that they were not made of.
std::shared_ptr<const data::Companion> Evaluate::restored_faces(const data::Streams& stream) const {
  std::shared_ptr<const data::Companion> faces;
  distributed::agree(walk_.world.host_group(), "companion", [&] {
    if (config_.recovered.empty()) { return; }
    const auto facts = data::Companion::facts_of(config_.recovered);
    const auto digest = stream.dataset_digest();
    if (facts.dataset_digest == digest && (facts.split == "all" || facts.split == config_.split)) {
      faces = data::Companion::open(config_.recovered, digest);
    }
  });
  return faces;
}

StepReport Evaluate::step(const data::Step& /*step*/) {
  const auto& set = sets_[static_cast<size_t>(progress_->position)];
  const auto stream = open(set, config_.split);
  std::optional<SampleTable> table;
  distributed::agree(walk_.world.host_group(), "evaluate", [&] { table = SampleTable::read(set.folders); });
  const auto scores = score_videos(branches_, *stream, set.name, *table, restored_faces(*stream), walk_.world);
  if (!scores) { return {}; }  // a signal: the loop asks next
  progress_->similarity[set.name] = similarity_results(*table, config_.split, scores->distances);
  if (scores->masks.defined()) {
    progress_->localization[set.name] = localization_results(*table, config_.split, scores->masks);
  }
  const auto before = scores_.videos.size();
  keep(set, *table, *scores);
  ++progress_->position;
  StepReport report;
  report.samples = std::count_if(scores_.videos.begin() + static_cast<ptrdiff_t>(before), scores_.videos.end(),
                                 [](const VideoScore& video) { return !std::isnan(video.p_fake); });
  return report;
}

void Evaluate::keep(const DataSet& set, const SampleTable& table, const SetScores& scores) {
  keep_videos(set, table, scores.videos);
  distributed::agree(walk_.world.host_group(), "scores", [&] {
    if (walk_.world.rank() != 0) { return; }
    keep_frames(set, table, scores.frames);
    write_scores(walk_.run_dir / kScoresFile, scores_);
  });
}

/// Videos without a face, or too short for a clip, have a row too, without a score (V5). One whose label is unknown
/// tells nothing.
void Evaluate::keep_videos(const DataSet& set, const SampleTable& table, const torch::Tensor& scores) {
  for (size_t i = 0; i < table.videos().size(); ++i) {
    const auto& video = table.videos()[i];
    if (video.label < 0 || (config_.split != "all" && video.split != config_.split)) { continue; }
    const auto own = scores[static_cast<int64_t>(i)].contiguous();
    VideoScore row{set.name, video.dataset, video.key, video.method, video.label, 0, {}, kNaN};
    row.p_fake = own.mean().item<double>();
    if (!std::isnan(row.p_fake)) {
      row.frames = frames_scored(video.frames);
      row.branches.assign(own.const_data_ptr<double>(), own.const_data_ptr<double>() + own.numel());
    }
    scores_.videos.push_back(std::move(row));
  }
}

void Evaluate::keep_frames(const DataSet& set, const SampleTable& table, const torch::Tensor& scores) {
  FrameScores frames{set.name, {}, table, scores};
  for (const auto& branch : branches_) {
    if (branch.has_frames) { frames.branches.push_back(branch.name); }
  }
  if (frames.branches.empty()) { return; }
  const auto path = walk_.run_dir / kFrameScoresFile;
  write_frame_scores(path, progress_->frame_bytes, frames);
  progress_->frames[set.name] = frame_results(frames);
  progress_->frame_bytes = std::filesystem::file_size(path);
}

nlohmann::json Evaluate::results() const {
  auto results = results_of(scores_);
  std::vector<std::string> without;
  for (const auto& branch : branches_) {
    results["weights"][branch.name] = walk_.models.entry(branch.name).source;
    for (const auto& partner : partners_of(branch.name)) {
      if (!walk_.models.entries().contains(partner.name)) { continue; }
      results["partners"][branch.name][partner.name] = walk_.models.entry(partner.name).source;
    }
    if (!branch.has_frames) { without.push_back(branch.name); }
  }
  if (!selected_.empty()) { results["selected"] = {{"by", config_.select}, {"branches", selected_}}; }
  for (auto& [name, set] : results["sets"].items()) {
    const auto own = std::ranges::find(sets_, name, &DataSet::name);
    if (own != sets_.end() && is_oracle(*own)) { set["oracle"] = "the checkpoint of each branch"; }
    if (progress_->localization.contains(name)) { set["localization"] = progress_->localization[name]; }
    set["similarity"] = progress_->similarity.value(name, nlohmann::json());
    set["frame"] = progress_->frames.value(name, nlohmann::json({{"reason", "no branch scores single frames"}}));
  }
  const int64_t clip = clip_of(branches_);
  results["frames"] = clip > 0 ? clip : config_.frames;
  if (clip > 0) { results["clips"] = config_.clips; }
  results["split"] = config_.split;
  results["branches_without_frame_scores"] = without;
  return results;
}

void Evaluate::finish() {
  distributed::agree(walk_.world.host_group(), "results", [&] {
    if (walk_.world.rank() != 0) { return; }
    const auto found = results();
    publish_file(walk_.run_dir / kResultsFile, found.dump(2) + "\n");
    for (const auto& [name, set] : found["sets"].items()) {
      const auto& all = set["video"]["all"];
      log::info(fmt::format("{}: AUC {} [{}, {}] of {} real and {} fake videos{}{}", name, shown(all["auc"]),
                            shown(all["auc_low"]), shown(all["auc_high"]), all["real"].dump(), all["fake"].dump(),
                            set.contains("localization") ? located(set["localization"]["all"]["fakes"]) : "",
                            set.contains("oracle") ? " (oracle: its checkpoints were chosen by them)" : ""));
    }
  });
}

}  // namespace realface::stages
