#include "stages/evaluate/validation.h"

#include <cmath>
#include <memory>
#include <set>
#include <vector>

#include "distributed/agreement.h"
#include "stages/evaluate/branches.h"
#include "stages/evaluate/score_videos.h"
#include "stages/evaluate/sets.h"
#include "stages/scores/auc_of_videos.h"

namespace realface::stages {
namespace {

/// Puts the branches' networks into evaluation mode, and back.
class InEvaluationMode {
 public:
  InEvaluationMode(const models::Set& models, const std::vector<Branch>& branches) {
    for (const auto& branch : branches) {
      const auto& module = models.entry(branch.name).module;
      if (!module->is_training()) { continue; }
      module->eval();
      changed_.push_back(module);
    }
  }
  ~InEvaluationMode() {
    for (const auto& module : changed_) { module->train(); }
  }
  InEvaluationMode(const InEvaluationMode&) = delete;
  InEvaluationMode& operator=(const InEvaluationMode&) = delete;

 private:
  std::vector<std::shared_ptr<torch::nn::Module>> changed_;
};

class Validation {
 public:
  Validation(const LoopConfig& config, const models::Set& models, const data::DataConfig& data,
             distributed::World& world)
      : config_(config), models_(models), data_(data), world_(world), branches_(branches_of(models, world.device())) {
    if (branches_.empty()) { return; }
    sets_ = {data.sets.begin(), data.sets.end()};
    if (sets_.empty()) { sets_["validation"] = data.shards; }
    distributed::agree(world.host_group(), "validation", [&] {
      require_faces(data, config.eval_split);
      for (const auto& [name, folders] : sets_) { tables_.emplace(name, SampleTable::read(folders)); }
    });
  }

  bool possible() const { return !branches_.empty(); }

  std::map<std::string, double> operator()() const {
    const InEvaluationMode mode(models_, branches_);
    std::map<std::string, double> values;
    for (const auto& [name, folders] : sets_) {
      if (!add(name, folders, values)) { return {}; }  // a signal, which the loop will see too
    }
    return values;
  }

 private:
  bool add(const std::string& name, const data::Folders& folders, std::map<std::string, double>& values) const {
    auto data = data_;
    data.shards = folders;
    const auto& table = tables_.at(name);
    const auto needs = videos_to_score(branches_, name, config_.eval_split, {.segments = config_.eval_frames},
                                       kVideos * world_.size());
    const auto stream = data::open(data, {needs}, world_);
    const auto scores = score_videos(branches_, *stream, name, table, nullptr, world_);
    if (!scores) { return false; }
    const auto fused = scores->videos.mean(1);
    std::set<std::string> methods;
    for (const auto& video : table.videos()) {
      if (video.label == 1) { methods.insert(video.method); }
    }
    const auto note = [&](const std::string& value, const std::set<std::string>& asked) {
      const double auc = auc_of_videos(table, fused, asked).auc;
      if (!std::isnan(auc)) { values[value] = auc; }  // of one class there is none
    };
    note("auc/" + name, {});
    for (const auto& method : methods) {
      if (methods.size() > 1) { note("auc/" + name + "/" + method, {method}); }
    }
    return true;
  }

  static constexpr int64_t kVideos = 16;  // a rank scores at once

  const LoopConfig& config_;
  const models::Set& models_;
  const data::DataConfig& data_;
  distributed::World& world_;
  std::vector<Branch> branches_;
  std::map<std::string, data::Folders> sets_;  // by name
  std::map<std::string, SampleTable> tables_;
};

}  // namespace

Evaluation validation(const LoopConfig& config, const models::Set& models, const data::DataConfig& data,
                      distributed::World& world) {
  if (config.eval_every == 0) { return {}; }
  const auto made = std::make_shared<Validation>(config, models, data, world);
  if (!made->possible()) { return {}; }
  return [made] { return (*made)(); };
}

}  // namespace realface::stages
