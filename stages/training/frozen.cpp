#include "stages/training/frozen.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "models/network.h"
#include "stages/training/saved.h"
#include "stages/training/weights.h"

namespace realface::stages {

void add_frozen(models::Set& set, const std::filesystem::path& weights, const std::string& name,
                const std::string& saved, nlohmann::json description, torch::Device device,
                distributed::Communicator& host) {
  const auto module = models::make_network(description);
  module->to(device);
  module->eval();
  set.add(name, {.module = module, .frozen = true, .description = std::move(description)});
  load_weights(weights, set, name, host, {.saved = saved});
}

void add_frozen(models::Set& set, const std::string& path, const std::string& name, torch::Device device,
                distributed::Communicator& host) {
  if (path.empty()) { return; }
  const auto weights = chosen_weights(path, host);
  add_frozen(set, weights, name, name, saved_description(weights, name, host), device, host);
}

void add_partner(models::Set& set, const std::string& path, const std::string& name, const std::string& saved,
                 const TrainedWith& user, torch::Device device, distributed::Communicator& host) {
  const auto then = saved_frozen(user.path, user.network, name, host);
  if (then.is_null()) { return; }
  const auto source = then.value("source", "an unknown place");
  if (path.empty()) {
    throw ConfigError(
        fmt::format("[weights.{}] is not set; '{}' of {} works with the weights that it was trained with: {}", name,
                    user.network, user.path, source));
  }
  if (!set.entries().contains(name)) { add_frozen(set, path, name, saved, then.at("description"), device, host); }
  const auto digest = then.at("sha256").get<std::string>();
  if (set.sha256(name) == digest) { return; }
  throw ConfigError(
      fmt::format("[weights.{}] {} holds other weights than '{}' of {} was trained with (weights_sha256 {} here, {} "
                  "then); give those: {}",
                  name, path, user.network, user.path, set.sha256(name), digest, source));
}

}  // namespace realface::stages
