#include "data/preprocess/preprocess.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "data/preprocess/assemble.h"
#include "data/preprocess/output.h"
#include "data/preprocess/part.h"
#include "distributed/agreement.h"
#include "distributed/work_queue.h"

namespace realface::data::preprocess {
namespace {

/// What rank 0 found out and everybody works from.
struct Setup {
  Plan plan;
  bool finished = false;
  std::vector<int64_t> videos, shards;  // still to do
};

std::string packed(const Setup& setup) {
  return nlohmann::json{
      {"plan", to_json(setup.plan)}, {"finished", setup.finished}, {"videos", setup.videos}, {"shards", setup.shards}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Setup unpacked(const std::string& text) {
  const auto json = nlohmann::json::parse(text);
  return {plan_from_json(json.at("plan")), json.at("finished"), json.at("videos"), json.at("shards")};
}

class Run {
 public:
  Run(const PreprocessConfig& config, distributed::World& world, const PreprocessSink& sink)
      : config_(config), world_(world), sink_(sink), output_(config.output) {}

  PreprocessOutcome run() {
    prepare();
    if (setup_.finished) {
      outcome_.was_finished = true;
      if (first()) { outcome_.report = finished_report(output_); }
      return std::move(outcome_);
    }
    draw("videos", setup_.videos, threads(), [this] { return video_worker(); });
    refuse_nothing();
    draw("shards", setup_.shards, 1, [this] {
      return [this](int64_t shard) { assemble(setup_.plan, setup_.plan.shards[static_cast<size_t>(shard)], output_); };
    });
    distributed::agree(world_.host_group(), "writing the manifest", [this] {
      if (first()) { outcome_.report = finish(setup_.plan, output_); }
    });
    return std::move(outcome_);
  }

 private:
  using Worker = std::function<void(int64_t)>;

  bool first() const { return world_.rank() == 0; }
  int threads() const { return config_.threads > 0 ? config_.threads : std::max(1, world_.threads()); }

  void prepare() {
    auto& group = world_.host_group();
    distributed::agree(group, "opening the face models", [this] {
      check(config_);
      models_ = std::make_shared<FaceModels>(config_.landmark_model, config_.detector_model);
    });
    std::string text;
    distributed::agree(group, "planning", [&] {
      if (first()) { text = packed(plan()); }
    });
    setup_ = unpacked(distributed::broadcast_string(group, text));
    distributed::agree(group, "comparing face models", [this] { compare_models(); });
    outcome_.shards = static_cast<int64_t>(setup_.plan.shards.size());
  }

  void compare_models() const {
    const auto compare = [this](const std::string& what, const std::string& here) {
      const std::string& planned = setup_.plan.config.at(what).get_ref<const std::string&>();
      if (here != planned) {
        throw DataError("[preprocess] " + what + " is " + here + " on " + world_.host() + ", but " + planned +
                        " on rank 0; use the same files and the same dlib on all nodes");
      }
    };
    compare("landmark_model_sha256", models_->landmark_model_sha256());
    compare("detector", models_->detector());
  }

  /// Rank 0 alone looks at the input, so that all ranks see the same list.
  Setup plan() {
    importers::Listing listing = importers::import_dataset(config_.dataset, config_.input, config_.import);
    outcome_.unplaced = std::move(listing.unplaced);
    for (const std::string& note : listing.notes) { log::info("[preprocess] " + note); }
    Setup setup;
    setup.plan =
        make_plan(std::move(listing.sources), described(config_, models_->landmark_model_sha256(), models_->detector()),
                  config_.code_version);
    make_folder(output_.path());
    lock_.emplace(output_.path());
    const auto state = output_.begin(setup.plan);
    setup.finished = state == OutputFolder::State::finished;
    if (setup.finished) { return setup; }
    setup.shards = output_.open_shards(setup.plan);
    setup.videos = output_.open_videos(setup.plan, setup.shards);
    if (state == OutputFolder::State::resumed) {
      log::info("[preprocess] goes on with an earlier run: " +
                std::to_string(setup.plan.sources.size() - setup.videos.size()) + " of " +
                std::to_string(setup.plan.sources.size()) + " videos are done");
    }
    return setup;
  }

  Worker video_worker() {
    return [this, finder = std::make_shared<FaceFinder>(models_),
            decoder = std::make_shared<Decoder>(config_.decoder, config_.decoder_patience)](int64_t video) {
      const importers::Source& source = setup_.plan.sources[static_cast<size_t>(video)];
      write_part(output_.part(video), extract(source, config_, *finder, *decoder), setup_.plan.digest);
    };
  }

  /// All ranks draw `items` until none is left. Where one fails, the rest of the queue is thrown away, so that
  /// everybody comes to the agreement soon; what was finished stays on disk.
  void draw(const std::string& phase, const std::vector<int64_t>& items, int threads,
            const std::function<Worker()>& make_worker) {
    distributed::WorkQueue queue(world_, static_cast<int64_t>(items.size()));
    if (first() && sink_ && !items.empty()) { sink_({phase, 0, static_cast<int64_t>(items.size())}); }
    std::exception_ptr failure;
    std::mutex lock;
    const auto work = [&] {
      try {
        const Worker worker = make_worker();
        while (const auto drawn = queue.next()) {
          worker(items[static_cast<size_t>(*drawn)]);
          const std::lock_guard guard(lock);
          if (first() && sink_) { sink_({phase, *drawn + 1, static_cast<int64_t>(items.size())}); }
        }
      } catch (...) {
        while (queue.next()) {}
        const std::lock_guard guard(lock);
        if (!failure) { failure = std::current_exception(); }
      }
    };
    {
      std::vector<std::jthread> others;
      for (int i = 1; i < threads; ++i) { others.emplace_back(work); }
      work();
    }
    distributed::agree(world_.host_group(), "preprocessing " + phase, [&] {
      if (failure) { std::rethrow_exception(failure); }
    });
  }

  /// Nothing to store is an error; the parts hold nothing then that a later run could use.
  void refuse_nothing() {
    distributed::agree(world_.host_group(), "counting faces", [this] {
      if (!first()) { return; }
      Report report;
      for (const int64_t index : setup_.shards) {
        const PlannedShard& shard = setup_.plan.shards[static_cast<size_t>(index)];
        for (const int64_t video : shard.videos) {
          report.count(shard.split, read_part(output_.part(video), setup_.plan.digest));
          if (report.frames() > 0) { return; }
        }
      }
      if (setup_.shards.size() < setup_.plan.shards.size()) {
        return;  // a sealed shard holds some
      }
      output_.clean();
      std::string text = "[" + config_.input + "] none of the " + std::to_string(report.videos()) +
                         " videos has a face that can be used (" + report.skipped() + "); nothing was written";
      const size_t shown = std::min<size_t>(report.notices().size(), 10);
      for (size_t i = 0; i < shown; ++i) { text += "\n  " + report.notices()[i].key + ": " + report.notices()[i].why; }
      throw DataError(text);
    });
  }

  const PreprocessConfig& config_;
  distributed::World& world_;
  const PreprocessSink& sink_;
  OutputFolder output_;
  std::optional<FolderLock> lock_;  // of rank 0, while it plans, writes and seals
  std::shared_ptr<const FaceModels> models_;
  Setup setup_;
  PreprocessOutcome outcome_;
};

}  // namespace

PreprocessOutcome preprocess(const PreprocessConfig& config, distributed::World& world, const PreprocessSink& sink) {
  return Run(config, world, sink).run();
}

}  // namespace realface::data::preprocess
