#include "data/shards/join.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/sha256.h"

namespace realface::data {
namespace {

/// All that two datasets must have in common, for a message to show.
nlohmann::json common_facts(const Manifest& manifest) {
  auto facts = manifest.crops();
  facts.erase("compression");  // a recipe that wants one says so (data.compression)
  facts["codec"] = codec_name(manifest.codec);
  if (!manifest.codec.lossless()) { facts["codec_params"] = codec_params(manifest.codec); }
  facts["height"] = manifest.height;
  facts["width"] = manifest.width;
  return facts;
}

std::string folder_of(const Manifest& manifest) {
  return manifest.shards.empty() ? "a dataset without shards" : manifest.shards.front().folder.string();
}

void require_alike(const Manifest& first, const Manifest& other) {
  const auto expected = common_facts(first), found = common_facts(other);
  if (expected == found) { return; }
  throw DataError(
      fmt::format("[data.shards] {} and {} cannot be one dataset: the first is {}, the second {}; "
                  "preprocess both with the same options",
                  folder_of(first), folder_of(other), expected.dump(), found.dump()));
}

void add_names(const std::vector<std::string>& more, std::vector<std::string>& names) {
  for (const auto& name : more) {
    if (std::ranges::find(names, name) == names.end()) { names.push_back(name); }
  }
}

void add(const Manifest& manifest, Manifest& joined) {
  add_names(manifest.names.manip, joined.names.manip);
  add_names(manifest.names.dataset, joined.names.dataset);
  add_names(manifest.names.compression, joined.names.compression);
  joined.shards.insert(joined.shards.end(), manifest.shards.begin(), manifest.shards.end());
}

void forget_compression_if_mixed(Manifest& joined) {
  const auto preprocess = joined.config.find("preprocess");
  if (preprocess != joined.config.end() && joined.names.compression.size() != 1) { preprocess->erase("compression"); }
}

}  // namespace

Manifest join(const std::vector<Manifest>& manifests) {
  if (manifests.size() == 1) { return manifests.front(); }
  Manifest joined = manifests.front();
  std::set<std::string> seen{joined.digest()};
  std::string digests = joined.digest();
  for (size_t i = 1; i < manifests.size(); ++i) {
    require_alike(manifests.front(), manifests[i]);
    const auto digest = manifests[i].digest();
    if (!seen.insert(digest).second) {
      throw DataError(fmt::format("[data.shards] {} holds a dataset that was listed before it; list each once",
                                  folder_of(manifests[i])));
    }
    digests += digest;
    add(manifests[i], joined);
  }
  joined.plan_digest = sha256_hex(digests);
  joined.dataset_id = joined.plan_digest.substr(0, 32);
  forget_compression_if_mixed(joined);
  return joined;
}

}  // namespace realface::data
