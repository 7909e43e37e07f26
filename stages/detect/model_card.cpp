#include "stages/detect/model_card.h"

#include "base/atomic_file.h"
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

}  // namespace

nlohmann::json model_card(const Detector& detector, const EvaluateConfig& config, const std::filesystem::path& run_dir,
                          distributed::Communicator& host) {
  nlohmann::json card = {
      {"intended_use",
       "To say of videos and pictures of faces how likely they were manipulated, for a person who decides."},
      {"limits",
       "Its figures are of the tested sets below. On manipulations, people, cameras and compressions that are not like "
       "theirs they do not hold; a score is no proof."},
      {"results", nullptr}};
  for (const auto& name : detector.names()) {
    card["networks"][name] = network_card(detector, name, config.weights_of(name), host);
  }
  const auto results = run_dir / kResultsFile;
  if (std::filesystem::exists(results)) {
    card["results"] = nlohmann::json::parse(read_file(results));
    card["results"].erase("weights");  // the networks have it
  }
  return card;
}

}  // namespace realface::stages
