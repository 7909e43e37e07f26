#include "data/preprocess/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "data/shards/manifest.h"

namespace realface::data::preprocess {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPlanName = "plan.json";

}  // namespace

void OutputFolder::refuse(const std::string& differs) const {
  throw ConfigError("[" + path_.string() + "] holds the output of another preprocessing: " + differs +
                    " differ; name another --out, run the same command as then, or remove the folder");
}

void OutputFolder::check_finished(const Plan& plan) const {
  const Manifest manifest = Manifest::load(path_);
  if (manifest.plan_digest != plan.digest) {
    // The manifest lists no inputs: their number is what can be said.
    const nlohmann::json then = {{"config", manifest.config.value("preprocess", nlohmann::json::object())},
                                 {"sources", nlohmann::json::array()}};
    const std::string settings = difference(then, {{"config", plan.config}, {"sources", nlohmann::json::array()}});
    refuse(settings.empty() ? "the input videos (" + std::to_string(manifest.videos()) + " there, " +
                                  std::to_string(plan.sources.size()) + " now)"
                            : settings);
  }
  for (const auto& shard : manifest.shards) {
    std::error_code error;
    if (fs::file_size(path_ / shard.name, error) != static_cast<uintmax_t>(shard.bytes) || error) {
      throw DataError(
          "[" + (path_ / shard.name).string() +
          "] is missing or not of the size that the manifest states; restore it, or remove manifest.json and all shards and run the same command again");
    }
  }
}

nlohmann::json OutputFolder::read_note(const fs::path& file, const std::vector<std::string>& keys) const {
  auto note = nlohmann::json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  const bool whole = std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return note.contains(key); });
  if (note.is_object() && whole) { return note; }
  throw DataError(fmt::format(
      "[{}] is not the JSON that an interrupted start leaves: it was cut or edited, and has {} bytes; remove "
      "{} and run the same command again, which begins from the start",
      file.string(), fs::file_size(file), path_.string()));
}

OutputFolder::State OutputFolder::take_up(const Plan& plan) const {
  const auto then = read_note(parts() / kPlanName, {"digest", "config", "sources"});
  if (then.value("digest", nlohmann::json()) != plan.digest) { refuse(difference(then, to_json(plan))); }
  const auto version = then.value("code_version", nlohmann::json());
  if (version == plan.code_version) { return State::resumed; }
  log::warn(fmt::format(
      "[{}] was begun by version {} of realface; it starts again, since shards of two versions do not belong "
      "together",
      path_.string(), version.is_string() ? version.get<std::string>() : "unknown"));
  // The plan last: a kill in between leaves what makes the next start come here again.
  for (const auto& shard : plan.shards) { fs::remove(path_ / shard.name); }
  clean();
  return State::fresh;
}

void OutputFolder::refuse_other_files() const {
  for (const auto& entry : fs::directory_iterator(path_)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(".")) { continue; }
    throw Error(fmt::format("[{}] is not empty ({}); name a new or an empty folder with --out", path_.string(), name));
  }
}

OutputFolder::State OutputFolder::begin(const Plan& plan) {
  make_folder(path_);
  if (fs::exists(path_ / kManifestName)) {
    check_finished(plan);
    clean();
    return State::finished;
  }
  State state = State::fresh;
  if (fs::exists(parts() / kPlanName)) {
    state = take_up(plan);
  } else {
    refuse_other_files();
  }
  make_folder(parts());
  if (state == State::fresh) { publish_file(parts() / kPlanName, to_json(plan).dump()); }
  return state;
}

fs::path OutputFolder::part(int64_t video) const { return parts() / (std::to_string(video) + ".part"); }

std::vector<int64_t> OutputFolder::open_shards(const Plan& plan) const {
  std::vector<int64_t> open;
  for (size_t i = 0; i < plan.shards.size(); ++i) {
    if (!fs::exists(shard(plan.shards[i])) || !fs::exists(report(plan.shards[i]))) {
      open.push_back(static_cast<int64_t>(i));
    }
  }
  return open;
}

std::vector<int64_t> OutputFolder::open_videos(const Plan& plan, const std::vector<int64_t>& shards) const {
  std::vector<int64_t> open;
  for (const int64_t shard : shards) {
    for (const int64_t video : plan.shards[static_cast<size_t>(shard)].videos) {
      if (!fs::exists(part(video))) { open.push_back(video); }
    }
  }
  // The longest first, so that nobody ends with one; the order does not reach the shards.
  std::ranges::sort(open, [&plan](int64_t a, int64_t b) {
    const int64_t left = plan.sources[static_cast<size_t>(a)].bytes, right = plan.sources[static_cast<size_t>(b)].bytes;
    return left != right ? left > right : a < b;
  });
  return open;
}

void OutputFolder::clean() const {
  const std::string name = parts().string();
  std::error_code error;
  fs::remove_all(name, error);
  if (error) { log::warn("[" + name + "] cannot be removed: " + error.message() + "; it is not needed any more"); }
}

}  // namespace realface::data::preprocess
