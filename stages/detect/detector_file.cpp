#include "stages/detect/detector_file.h"

#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "base/exception_text.h"
#include "base/sha256.h"
#include "models/network.h"
#include "models/weights/tensor_file.h"
#include "stages/detect/person_scores.h"

namespace realface::stages {
namespace {

namespace fs = std::filesystem;
using Tensors = std::map<std::string, torch::Tensor>;

constexpr const char* kFormatKey = "realface_detector";
constexpr const char* kFormat = "1";
constexpr const char* kFactsKey = "facts";
constexpr const char* kDigestKey = "facts_sha256";
constexpr const char* kSelfTest = "self_test";
constexpr double kTolerance = 2e-3;  // other processors round otherwise

[[noreturn]] void damaged(const std::string& path, const std::string& what) {
  throw Error(fmt::format("[{}] is damaged: {}; export the detector again, or copy the file again", path, what));
}

/// The tensors NAME/..., by what follows.
Tensors below(const Tensors& all, const std::string& name) {
  Tensors some;
  for (const auto& [full, tensor] : all) {
    if (full.starts_with(name + "/")) { some[full.substr(name.size() + 1)] = tensor; }
  }
  return some;
}

void check_digest(const Tensors& tensors, const std::string& sha256, const std::string& what, const std::string& path) {
  if (models::weights_sha256(tensors) != sha256) { damaged(path, what + " are not those that were written"); }
}

void fill(const std::string& network, torch::nn::Module& module, const Tensors& tensors, const std::string& path) {
  const torch::NoGradGuard no_grad;
  const auto own = models::named_tensors(module);
  for (const auto& [name, tensor] : own) {
    const auto saved = tensors.find(name);
    if (saved == tensors.end() || saved->second.sizes() != tensor.sizes()) {
      throw Error(fmt::format("[{}] holds other weights of '{}' than it describes: {} is {}", path, network, name,
                              saved == tensors.end() ? "missing" : "of another shape"));
    }
    tensor.detach().copy_(saved->second);
  }
  if (own.size() != tensors.size()) {
    throw Error(fmt::format("[{}] holds {} tensors of '{}', whose description has {}; another program wrote it", path,
                            tensors.size(), network, own.size()));
  }
}

void add_network(Detector& detector, const std::string& name, const nlohmann::json& facts, const Tensors& tensors,
                 const std::string& path) {
  check_digest(tensors, facts.at("sha256").get<std::string>(), "the weights of '" + name + "'", path);
  const auto module = models::make_network(facts.at("description"));
  fill(name, *module, tensors, path);
  module->to(detector.device);
  module->eval();
  detector.networks.add(
      name, {.module = module, .frozen = true, .source = facts.at("source"), .description = facts.at("description")});
}

void run_self_test(const Detector& detector, const std::string& path) {
  const auto found = score_frames(detector.branches, detector.test_faces.to(detector.device)).p_fake;
  const bool alike = found.sizes() == detector.test_scores.sizes();
  const double off = alike ? (found - detector.test_scores).abs().max().item<double>() : 1;
  if (off <= kTolerance) { return; }  // false for NaN
  throw Error(fmt::format(
      "[{}] does not score its own self-test as it did where it was exported (off by {:.2g}, tolerated are {}); use the program that exported it, or export it again",
      path, off, kTolerance));
}

/// Tensors of a place that no fact speaks of would be covered by no digest.
void refuse_strangers(const Tensors& tensors, const nlohmann::json& networks, const std::string& path) {
  for (const auto& [name, tensor] : tensors) {
    const auto place = name.substr(0, name.find('/'));
    if (place != kSelfTest && !networks.contains(place)) {
      damaged(path, "it holds '" + name + "', which it does not describe");
    }
  }
}

Detector detector_of(const models::TensorFile& file, const nlohmann::json& facts, torch::Device device,
                     const std::string& path) {
  Detector detector{{}, {}, device, facts.at("crops"), facts.at("card"), calibration_from(facts.at("calibration")),
                    {}, {}};
  const auto& networks = facts.at("networks");
  refuse_strangers(file.tensors, networks, path);
  for (const auto& [name, network] : networks.items()) {
    add_network(detector, name, network, below(file.tensors, name), path);
  }
  const auto self_test = below(file.tensors, kSelfTest);
  check_digest(self_test, facts.at("self_test").at("sha256").get<std::string>(), "the faces of its self-test", path);
  detector.branches = branches_of(detector.networks, device);
  detector.test_faces = self_test.at("faces");
  detector.test_scores = self_test.at("p_fake");
  if (detector.branches.empty() || detector.test_faces.numel() == 0 || !detector.crops.is_object()) {
    damaged(path, "it lacks networks, faces of a self-test, or how faces are cut out");
  }
  run_self_test(detector, path);
  return detector;
}

}  // namespace

void write_detector(const fs::path& path, Detector& detector) {
  if (!detector.test_faces.defined() || !detector.test_scores.defined()) {
    throw Error("[detector] there are no faces for its self-test");
  }
  models::TensorFile file;
  const Tensors self_test{{"faces", detector.test_faces}, {"p_fake", detector.test_scores}};
  nlohmann::json facts = {{"crops", detector.crops},
                          {"card", detector.card},
                          {"calibration", to_json(detector.calibration)},
                          {"self_test", {{"sha256", models::weights_sha256(self_test)}}}};
  for (const auto& [name, entry] : detector.networks.entries()) {
    facts["networks"][name] = {
        {"description", entry.description}, {"source", entry.source}, {"sha256", detector.networks.sha256(name)}};
    for (const auto& [own, tensor] : models::named_tensors(*entry.module)) { file.tensors[name + "/" + own] = tensor; }
  }
  for (const auto& [own, tensor] : self_test) { file.tensors[std::string(kSelfTest) + "/" + own] = tensor; }
  const auto text = facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  file.metadata = {{kFormatKey, kFormat}, {kFactsKey, text}, {kDigestKey, sha256_hex(text)}};
  models::write_tensor_file(path, file);
}

nlohmann::json detector_facts(const std::map<std::string, std::string>& metadata, const std::string& path) {
  const auto format = metadata.find(kFormatKey);
  if (format == metadata.end()) { return nullptr; }
  if (format->second != kFormat) {
    throw Error(fmt::format("[{}] is a detector file of format {}; this program reads {}: use a newer one", path,
                            format->second, kFormat));
  }
  const auto text = metadata.find(kFactsKey), digest = metadata.find(kDigestKey);
  if (text == metadata.end() || digest == metadata.end() || sha256_hex(text->second) != digest->second) {
    damaged(path, "its metadata are not those that were written");
  }
  auto facts = nlohmann::json::parse(text->second, nullptr, /*allow_exceptions=*/false);
  if (!facts.is_object()) { damaged(path, "its facts are no JSON object"); }
  return facts;
}

Detector read_detector(const fs::path& path, torch::Device device) {
  const auto file = models::read_tensor_file(path);
  const auto facts = detector_facts(file.metadata, path.string());
  if (facts.is_null()) {
    throw Error(subject_of(path) + " holds weights, but is no detector file; make one of a run by `realface export`");
  }
  try {
    return detector_of(file, facts, device, path.string());
  } catch (const std::exception& error) {  // facts or tensors of another shape than ours, under a right digest
    const auto why = exception_text(error);
    if (why.starts_with(subject_of(path))) { throw; }
    throw Error(fmt::format("{} is no detector file of this program: {}", subject_of(path), why));
  }
}

}  // namespace realface::stages
