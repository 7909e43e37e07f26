#include "stages/detect/model_card.h"

#include <fmt/format.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "stages/scores/scores_file.h"
#include "stages/training/saved.h"

namespace realface::stages {
namespace {

nlohmann::json network_card(const Detector& detector, const std::string& name, const std::string& weights,
                            distributed::Communicator& host) {
  const auto& entry = detector.networks.entry(name);
  int64_t parameters = 0;
  for (const auto& parameter : entry.module->parameters()) { parameters += parameter.numel(); }
  auto card = saved_provenance(weights, name, host);
  auto recipe = card["config"];
  for (const char* of_the_machine : {"run", "data", "checkpoint", "metrics", "world"}) { recipe.erase(of_the_machine); }
  card.erase("config");
  card["recipe"] = recipe;
  card["parameters"] = parameters;
  card["licences"] = entry.licences;
  return card;
}

/// A run that was trained on after it was evaluated has figures of other weights.
void require_same_weights(const Detector& detector, const nlohmann::json& evaluated,
                          const std::filesystem::path& run_dir) {
  for (const auto& name : detector.names()) {
    const auto& own = detector.networks.entry(name).source;
    if (evaluated.value(name, own) == own) { continue; }
    throw Error(
        fmt::format("{} holds results of other weights of '{}' than there are now ({} then, {} now); evaluate them "
                    "again, in another run.dir",
                    subject_of(run_dir), name, evaluated.value(name, ""), own));
  }
}

}  // namespace

nlohmann::json model_card(const Detector& detector, const EvaluateConfig& config, const std::filesystem::path& run_dir,
                          distributed::Communicator& host) {
  nlohmann::json card = {
      {"intended_use",
       "To say of videos and pictures of faces how likely they were manipulated, for a person who decides."},
      {"limits",
       "Its figures are of the tested sets below. On manipulations, people, cameras and compressions that are not like "
       "theirs they do not hold; a score is no proof."}};
  for (const auto& name : detector.names()) {
    card["networks"][name] = network_card(detector, name, config.weights_of(name), host);
  }
  card["results"] = nlohmann::json::parse(read_file(run_dir / kResultsFile));
  require_same_weights(detector, card["results"].value("weights", nlohmann::json::object()), run_dir);
  card["results"].erase("weights");  // the networks have them
  return card;
}

}  // namespace realface::stages
