#include "stages/evaluate/score_videos.h"

#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "distributed/agreement.h"
#include "stages/run.h"
#include "stages/scores/scores_file.h"

namespace realface::stages {
namespace {

/// The stage of the nested loop: fills a table of sums and counts, one row a video.
class ScoreVideos final : public Stage {
 public:
  ScoreVideos(const Branch& branch, const std::string& name, const SampleTable& table, distributed::World& world)
      : branch_(branch),
        name_(name),
        table_(table),
        world_(world),
        sums_(at::zeros({static_cast<int64_t>(table.videos().size()), 2}, torch::kFloat64)) {}

  std::string name() const override { return "evaluate " + name_; }
  int64_t steps() const override { return std::numeric_limits<int64_t>::max(); }
  int64_t position() const override { return position_; }
  std::vector<Part*> parts() override { return {}; }

  StepReport step(const data::Step& step) override {
    StepReport report;
    for (const auto& batch : step.streams.at(name_)) {
      const auto scores = branch_(batch.images).to(torch::kCPU, torch::kFloat64);
      const auto weights = batch.weights.to(torch::kCPU);
      for (int64_t i = 0; i < batch.size(); ++i) {
        if (weights[i].item<float>() > 0) { add(batch.samples[static_cast<size_t>(i)], scores[i].item<double>()); }
      }
      report.samples += batch.size() * world_.size();
    }
    ++position_;
    return report;
  }

  void finish() override {
    distributed::agree(world_.host_group(), "evaluate", [&] {
      if (!fault_.empty()) { throw Error(fault_); }
    });
    world_.host_group().all_reduce(sums_)->wait();
  }

  std::vector<double> scores() const {
    std::vector<double> result;
    const auto rows = sums_.accessor<double, 2>();
    for (int64_t i = 0; i < rows.size(0); ++i) { result.push_back(rows[i][1] > 0 ? rows[i][0] / rows[i][1] : kNaN); }
    return result;
  }

 private:
  void add(int64_t sample, double score) {
    const auto video = table_.video_of(sample);
    if (!std::isfinite(score) && fault_.empty()) {
      fault_ = fmt::format("[evaluate] the score of video '{}' is not finite; look at the weights",
                           table_.videos()[video].key);
    }
    auto rows = sums_.accessor<double, 2>();
    rows[static_cast<int64_t>(video)][0] += score;
    rows[static_cast<int64_t>(video)][1] += 1;
  }

  const Branch& branch_;
  std::string name_;
  const SampleTable& table_;
  distributed::World& world_;
  torch::Tensor sums_;  // [videos, 2]
  std::string fault_;
  int64_t position_ = 0;
};

}  // namespace

std::optional<std::vector<double>> score_videos(const Branch& branch, data::Streams& stream, const std::string& name,
                                                const SampleTable& table, distributed::World& world) {
  const torch::NoGradGuard no_grad;
  ScoreVideos stage(branch, name, table, world);
  if (run(stage, stream, world, {}) != Ending::finished) { return std::nullopt; }
  return stage.scores();
}

}  // namespace realface::stages
