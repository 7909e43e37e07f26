#include "data/synthesis/dataset.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "data/synthesis/production.h"
#include "data/synthesis/splits.h"

namespace realface::data::synthesis {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRecord = "synth.json";  // written last: a folder that has it is finished

void check(const SynthConfig& config) {
  std::string faults;
  const auto fault = [&faults](const std::string& text) { faults += (faults.empty() ? "" : "; ") + text; };
  if (config.identities < 6 || config.identities > 100000 || config.identities % 2 != 0) {
    fault("identities is " + std::to_string(config.identities) + ", must be even and in 6..100000");
  }
  if (config.frames < 1 || config.frames > 100000) {
    fault("frames is " + std::to_string(config.frames) + ", must be in 1..100000");
  }
  if (config.size < 128 || config.size > 1024 || config.size % 2 != 0) {
    fault("size is " + std::to_string(config.size) + ", must be even and in 128..1024");
  }
  if (config.out.empty()) { fault("no output folder was given"); }
  const auto known = methods_of(config.level);
  for (const Method method : config.methods) {
    if (std::ranges::find(known, method) == known.end()) {
      fault(method_name(method) + " is not drawn at level " + level_name(config.level) +
            ", but at hard: give --level hard");
    }
  }
  if (!faults.empty()) { throw UsageError("[synth] " + faults); }
}

nlohmann::json settings_of(const SynthConfig& config) {
  static constexpr std::array kFakes = {"all", "test", "none"};
  std::set<std::string> methods;
  for (const Method method : config.methods) { methods.insert(method_name(method)); }
  nlohmann::json settings = {{"format", 1},         {"identities", config.identities},
                             {"seed", config.seed}, {"frames", config.frames},
                             {"size", config.size}, {"fakes", kFakes[static_cast<size_t>(config.fakes)]},
                             {"methods", methods}};
  if (config.level != Level::easy) { settings["level"] = level_name(config.level); }
  if (config.held_out > 0) { settings["held_out"] = config.held_out; }
  return settings;
}

/// Whether the same dataset is there already. Refuses a folder that holds anything else.
bool finished(const SynthConfig& config) {
  const fs::path& out = config.out;
  if (!fs::exists(out)) { return false; }
  if (!fs::is_directory(out)) {
    throw DataError("[synth] " + out.string() + " is a file; expected a folder to write to: give another --out");
  }
  if (fs::is_empty(out)) { return false; }
  if (!fs::exists(out / kRecord)) {
    throw DataError("[synth] " + out.string() + " is not empty and holds no finished dataset of synth; nothing was " +
                    "written: give an empty folder or remove it");
  }
  const auto record = nlohmann::json::parse(read_file(out / kRecord), nullptr, false);
  const nlohmann::json asked = settings_of(config);
  if (!record.is_discarded() && record.is_object() && record.contains("settings") && record["settings"] == asked) {
    return true;
  }
  const std::string found = record.is_object() && record.contains("settings") ? record["settings"].dump()
                                                                              : "an unreadable " + std::string(kRecord);
  throw DataError("[synth] " + out.string() + " holds a dataset of other settings, " + found + "; asked for are " +
                  asked.dump() + ": give another --out or remove it");
}

std::vector<Job> plan(const SynthConfig& config) {
  std::vector<Job> jobs;
  for (const auto& [split, pairs] : make_splits(config.identities, config.seed, config.held_out)) {
    const bool forged =
        config.fakes == SynthConfig::Fakes::all || (config.fakes == SynthConfig::Fakes::test && split == "test");
    for (const auto& [first, second] : pairs) {
      jobs.push_back({first, second, forged});
      jobs.push_back({second, first, forged});
    }
  }
  // The longest first, so that no thread is left with one at the end.
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.forged > b.forged; });
  return jobs;
}

/// Removes the unfinished folder unless it was published.
class Scaffold {
 public:
  explicit Scaffold(fs::path path) : path_(std::move(path)) {
    fs::remove_all(path_);  // of a run that was killed
    make_folder(path_);
  }
  ~Scaffold() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scaffold(const Scaffold&) = delete;
  Scaffold& operator=(const Scaffold&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// SHA-256 over the names and the bytes of all files, by name; syncs them on the way.
std::string digest_of(const fs::path& root) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) { files.push_back(fs::relative(entry.path(), root)); }
  }
  std::sort(files.begin(), files.end());
  Sha256 all;
  for (const fs::path& file : files) {
    sync_path(root / file);
    all.update(file.generic_string() + "\n" + hex(sha256_file((root / file).string())) + "\n");
  }
  return hex(all.finish());
}

void make_folders(const SynthConfig& config, const fs::path& root) {
  make_folder(root / reals_folder());
  make_folder(root / "splits");
  if (config.fakes == SynthConfig::Fakes::none) { return; }
  for (const Method method : config.methods) {
    make_folder(root / fakes_folder(method));
    make_folder(root / masks_folder(method));
  }
}

SynthResult counts(const SynthConfig& config, const std::vector<Job>& jobs) {
  const auto forged = std::count_if(jobs.begin(), jobs.end(), [](const Job& job) { return job.forged; });
  return {true, static_cast<int64_t>(jobs.size()), forged * static_cast<int64_t>(config.methods.size())};
}

}  // namespace

SynthResult write_dataset(const SynthConfig& asked) {
  check(asked);
  SynthConfig config = asked;
  if (config.methods.empty()) {
    const auto all = methods_of(config.level);
    config.methods.assign(all.begin(), all.end());
  }
  std::sort(config.methods.begin(), config.methods.end());
  config.methods.erase(std::unique(config.methods.begin(), config.methods.end()), config.methods.end());
  config.out = fs::absolute(config.out).lexically_normal();
  if (!config.out.has_filename()) { config.out = config.out.parent_path(); }
  const std::vector<Job> jobs = plan(config);
  SynthResult result = counts(config, jobs);
  if (finished(config)) {
    log::info("[synth] " + config.out.string() + " already holds this dataset");
    result.written = false;
    return result;
  }
  make_folder(config.out.parent_path());
  const Scaffold scaffold(config.out.parent_path() / ("." + config.out.filename().string() + ".synth-unfinished"));
  make_folders(config, scaffold.path());
  film(config, jobs, scaffold.path());
  for (const auto& [split, pairs] : make_splits(config.identities, config.seed, config.held_out)) {
    publish_file(scaffold.path() / "splits" / (split + ".json"), split_json(pairs, config.identities));
  }
  const nlohmann::json record = {{"settings", settings_of(config)}, {"digest", digest_of(scaffold.path())}};
  publish_file(scaffold.path() / kRecord, record.dump(2) + "\n");
  publish_rename(scaffold.path(), config.out);
  return result;
}

}  // namespace realface::data::synthesis
