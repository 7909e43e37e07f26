#pragma once

#include <torch/types.h>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stages/evaluate/recipe.h"
#include "stages/evaluate/score_videos.h"
#include "stages/scores/samples.h"
#include "stages/scores/scores_file.h"
#include "stages/stage.h"

namespace realface::stages {

/// Scores every video of named sets with trained networks, one set a step, and writes scores.csv and frame_scores.csv
/// (after each set) and results.json (at the end) into the run folder. A resume goes on with the set that was
/// interrupted.
class Evaluate final : public Stage {
 public:
  /// What `walk` refers to outlives the stage. With `select`, scores the checkpoints of every branch, also if the run
  /// is resumed. Throws DataError for a folder that is no dataset, ConfigError for a `select` that cannot choose, and
  /// Error with ExitCode::requeue if a signal came while it chose. Collective.
  Evaluate(const EvaluateConfig& config, const Walk& walk);
  ~Evaluate() override;

  std::string name() const override { return "evaluate"; }
  int64_t steps() const override { return static_cast<int64_t>(sets_.size()); }
  int64_t position() const override;
  StepReport step(const data::Step& step) override;
  void finish() override;
  std::vector<Part*> parts() override;

 private:
  class Progress;
  struct DataSet {
    std::string name;
    data::Folders folders;
  };
  /// The weights of a branch, and how the faces were cut out that they were trained on.
  struct TrainedOn {
    std::string branch, weights;
    nlohmann::json crops;
  };
  int64_t frames_scored(int64_t stored) const;  // of a video
  std::unique_ptr<data::Streams> open(const DataSet& set, const std::string& split) const;
  void select_checkpoints();
  bool is_oracle(const DataSet& set) const;
  void read_crops();
  void require_crops(const data::Streams& stream) const;
  std::shared_ptr<const data::Companion> restored_faces(const data::Streams& stream) const;
  void keep(const DataSet& set, const SampleTable& table, const SetScores& scores);
  void keep_videos(const DataSet& set, const SampleTable& table, const torch::Tensor& scores);
  void keep_frames(const DataSet& set, const SampleTable& table, const torch::Tensor& scores);
  nlohmann::json results() const;

  EvaluateConfig config_;
  Walk walk_;
  std::vector<Branch> branches_;
  std::vector<TrainedOn> trained_on_;  // of each branch; empty if any crops will do
  std::vector<DataSet> sets_;
  Scores scores_;
  DataSet selected_on_;  // of what select_checkpoints looked at
  std::string selected_split_;
  nlohmann::json selected_ = nlohmann::json::object();  // by branch: select_checkpoint
  std::unique_ptr<Progress> progress_;
};

}  // namespace realface::stages
