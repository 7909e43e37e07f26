#pragma once

#include <map>
#include <string>

#include "stages/recipe.h"

namespace realface::stages {

struct EvaluateConfig {
  std::map<std::string, std::string> networks;  // weights.NAME: the run or checkpoint that trained the branch NAME
                                                // (branch_names); empty: not a branch. Or where a partner of branches
                                                // comes from (all_partners)
  std::string recovered;  // weights.recovered: the run of a `stage: composite`, to compare its faces and the mapped
                          // ones with the originals (Recap, Fig. 5); empty: only the mapped ones are
  std::string split = "test";  // whose videos are scored
  int64_t frames = 5;          // of a video: the middle one of each of as many equal parts (D1)
  int64_t clips = 2;           // of a video, if a branch takes clips: evenly spread, from its first frame to its last
                               // (RC1); `frames` then says nothing
  std::string select;          // empty: the newest checkpoint of each branch; else the best one, by AUC, on this set of
                               // data.sets, which is then called an oracle, or, for "val", on the validation split of
                               // data.shards (V6)
  int64_t batch = 16;          // videos a rank scores at once

  std::string weights_of(const std::string& network) const;  // "" if not set
};

/// `stage: evaluate`: scores every video of the sets `data.sets`, or of data.shards as the set "test", by the mean over
/// the branches whose weights are given (D15). The weights say what networks they are.
class EvaluateRecipe final : public Recipe {
 public:
  EvaluateRecipe() = default;
  explicit EvaluateRecipe(EvaluateConfig config) : config_(std::move(config)) {}

  std::unique_ptr<Recipe> clone() const override { return std::make_unique<EvaluateRecipe>(*this); }
  void fields(Visitor& visitor) override;
  void check(Checker& checker) const override;
  nlohmann::json length() const override;
  models::Set build(uint64_t seed, torch::Device device, distributed::Communicator& host) const override;
  /// None: the stage opens its sets one after another.
  std::vector<data::StreamNeeds> needs(uint64_t seed, int world_size) const override;
  std::unique_ptr<Stage> make(const Walk& walk) const override;

  const EvaluateConfig& config() const { return config_; }

 private:
  EvaluateConfig config_;
};

}  // namespace realface::stages
