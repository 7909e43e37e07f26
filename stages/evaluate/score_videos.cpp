#include "stages/evaluate/score_videos.h"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "distributed/agreement.h"
#include "stages/evaluate/similarity.h"
#include "stages/run.h"
#include "stages/scores/localization.h"

namespace realface::stages {
namespace {

/// Means of what was added to each row, [rows, columns].
class Means {
 public:
  Means(int64_t rows, int64_t columns, torch::ScalarType type)
      : sums_(at::zeros({rows, columns}, type)), counts_(at::zeros({rows}, torch::kInt32)) {}

  void add(int64_t row, const torch::Tensor& values) {
    sums_[row] += values;
    counts_[row] += 1;
  }
  int64_t rows() const { return counts_.size(0); }
  void reduce(distributed::Communicator& group) {
    if (sums_.numel() == 0) { return; }
    group.all_reduce(sums_)->wait();
    group.all_reduce(counts_)->wait();
  }
  /// In place, since there may be very many rows: once, at the end. 0 / 0 is NaN.
  torch::Tensor take_means() { return sums_.div_(counts_.unsqueeze(1)); }

 private:
  torch::Tensor sums_, counts_;
};

int64_t frame_branches(const std::vector<Branch>& branches) {
  return std::ranges::count_if(branches, [](const Branch& branch) { return branch.has_frames; });
}

/// The stage of the nested loop.
class ScoreVideos final : public Stage {
 public:
  ScoreVideos(const std::vector<Branch>& branches, const std::string& name, const SampleTable& table,
              std::shared_ptr<const data::Companion> restored, distributed::World& world)
      : branches_(branches),
        name_(name),
        table_(table),
        world_(world),
        videos_(static_cast<int64_t>(table.videos().size()), static_cast<int64_t>(branches.size()), torch::kFloat64),
        frames_(frame_branches(branches) > 0 ? table.samples() : 0, frame_branches(branches), torch::kFloat32),
        similarity_(table, std::move(restored)) {
    if (std::ranges::none_of(branches, &Branch::locates)) { return; }
    masks_ = at::zeros({videos_.rows(), static_cast<int64_t>(MaskCount::count)}, torch::kFloat64);
  }

  std::string name() const override { return "evaluate " + name_; }
  int64_t steps() const override { return std::numeric_limits<int64_t>::max(); }
  int64_t position() const override { return position_; }
  std::vector<Part*> parts() override { return {}; }

  StepReport step(const data::Step& step) override {
    StepReport report;
    for (const auto& batch : step.streams.at(name_)) {
      add(batch);
      report.samples += batch.size() * world_.size();
    }
    ++position_;
    return report;
  }

  void finish() override {
    distributed::agree(world_.host_group(), "evaluate", [&] {
      if (!fault_.empty()) { throw Error(fault_); }
    });
    videos_.reduce(world_.host_group());
    frames_.reduce(world_.host_group());
    similarity_.reduce(world_.host_group());
    if (masks_.defined()) { world_.host_group().all_reduce(masks_)->wait(); }
  }

  SetScores take_scores() { return {videos_.take_means(), frames_.take_means(), masks_, similarity_.distances()}; }

 private:
  void add(const data::Batch& batch) {
    std::vector<torch::Tensor> videos, frames;
    torch::Tensor maps, masks;
    for (const auto& branch : branches_) {
      const auto scores = scores_of(branch, batch.images, batch.mask);
      videos.push_back(scores.videos.to(torch::kFloat64));
      if (branch.has_frames) { frames.push_back(scores.frames); }
      if (scores.maps.defined()) { maps = scores.maps; }
      if (scores.masks.defined()) { masks = scores.masks; }
    }
    const auto by_video = torch::stack(videos, 1).cpu();                                     // [B, branches]
    const auto by_frame = frames.empty() ? torch::Tensor() : torch::stack(frames, 2).cpu();  // [B, T, branches]
    const auto weights = batch.weights.cpu();
    for (int64_t i = 0; i < batch.size(); ++i) {
      if (weights[i].item<float>() == 0) { continue; }
      add_video(batch, i, by_video, by_frame);
      similarity_.add(batch, i, maps.defined() ? maps[i] : maps);
      if (masks.defined()) {
        const auto video = static_cast<int64_t>(table_.video_of(batch.samples[static_cast<size_t>(i)]));
        masks_[video] += count_masks(masks[i], batch.tampered[i]).cpu();
      }
    }
  }

  void add_video(const data::Batch& batch, int64_t i, const torch::Tensor& by_video, const torch::Tensor& by_frame) {
    const auto video = table_.video_of(batch.samples[static_cast<size_t>(i)]);
    if (fault_.empty() && !at::isfinite(by_video[i]).all().item<bool>()) {
      fault_ = fmt::format("[evaluate] the score of video '{}' is not finite; look at the weights",
                           table_.videos()[video].key);
    }
    videos_.add(static_cast<int64_t>(video), by_video[i]);
    for (int64_t t = 0; by_frame.defined() && t < by_frame.size(1); ++t) {
      frames_.add(batch.frames[static_cast<size_t>(i * by_frame.size(1) + t)], by_frame[i][t]);
    }
  }

  const std::vector<Branch>& branches_;
  std::string name_;
  const SampleTable& table_;
  distributed::World& world_;
  Means videos_, frames_;
  Similarity similarity_;
  torch::Tensor masks_;  // undefined if no branch locates
  std::string fault_;
  int64_t position_ = 0;
};

}  // namespace

int64_t clip_of(const std::vector<Branch>& branches) {
  int64_t frames = 0;
  for (const auto& branch : branches) { frames = std::max(frames, branch.clip); }
  return frames;
}

data::StreamNeeds videos_to_score(const std::vector<Branch>& branches, const std::string& name,
                                  const std::string& split, const FramesScored& frames, int64_t batch) {
  data::StreamNeeds videos;
  videos.name = name;
  videos.split = split;
  videos.label = "any";
  videos.endless = false;
  videos.unit = clip_of(branches) > 0 ? "clip" : "segments";
  videos.frames = clip_of(branches) > 0 ? clip_of(branches) : frames.segments;
  if (clip_of(branches) > 0) { videos.views = frames.clips; }
  videos.batch = batch;
  videos.image = branches.front().image;
  videos.patch = 1;
  videos.mask.kind = "none";
  for (const auto& branch : branches) {
    if (!branch.hidden) { continue; }
    videos.patch = branch.hidden->patch;
    videos.mask = branch.hidden->mask;
    videos.by_frame = true;
  }
  videos.truth = std::ranges::any_of(branches, &Branch::locates);
  return videos;
}

std::optional<SetScores> score_videos(const std::vector<Branch>& branches, data::Streams& stream,
                                      const std::string& name, const SampleTable& table,
                                      std::shared_ptr<const data::Companion> restored, distributed::World& world) {
  const torch::NoGradGuard no_grad;
  ScoreVideos stage(branches, name, table, std::move(restored), world);
  if (run(stage, stream, world, {}) != Ending::finished) { return std::nullopt; }
  return stage.take_scores();
}

}  // namespace realface::stages
