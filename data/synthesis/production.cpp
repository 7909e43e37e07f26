#include "data/synthesis/production.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <string>
#include <thread>

#include "base/log.h"
#include "data/synthesis/forgery/hard_manipulation.h"
#include "data/synthesis/forgery/manipulation.h"
#include "data/synthesis/processing.h"
#include "data/synthesis/splits.h"
#include "data/synthesis/video_encoder.h"

namespace realface::data::synthesis {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

using Forge = std::function<Forgery(const Frame& original, int64_t frame)>;

/// The target must outlive what is returned.
Forge forger_of(Level level, Method method, const Renderer& target, const Identity& source) {
  const auto forge_with = [](auto forger) -> Forge {
    return [forger](const Frame& original, int64_t frame) { return forger->forge(original, frame); };
  };
  if (level == Level::hard) { return forge_with(std::make_shared<const HardForger>(method, target, source)); }
  return forge_with(std::make_shared<const Forger>(method, target, source));
}

/// One video of pictures in the making, processed on its way at level hard.
class Film {
 public:
  Film(const SynthConfig& config, const Identity& person, uint64_t video, const fs::path& file)
      : encoder_(file, {config.size, config.size}, kFramesPerSecond, VideoEncoder::Kind::picture) {
    if (config.level == Level::hard) { processing_.emplace(person, video); }
  }
  void add(const cv::Mat& image, int64_t frame) {
    encoder_.add(processing_ ? processing_->apply(image, frame) : image);
  }
  void finish() { encoder_.finish(); }

 private:
  std::optional<Processing> processing_;
  VideoEncoder encoder_;
};

/// A forgery in the making: its videos are written side by side with the original's, from the same frames.
struct Forging {
  Forge forge;
  Film film;
  VideoEncoder mask;
};

void film_one(const SynthConfig& config, const Job& job, const fs::path& root) {
  const auto name = [&config](int64_t number) { return identity_name(number, config.identities); };
  const Renderer target(make_identity(config.seed, static_cast<uint64_t>(job.target)), config.size);
  const Identity source = make_identity(config.seed, static_cast<uint64_t>(job.source));
  Film real(config, target.person(), 0, root / reals_folder() / (name(job.target) + ".mp4"));
  std::vector<std::unique_ptr<Forging>> forgings;
  if (job.forged) {
    const std::string file = name(job.target) + "_" + name(job.source) + ".mp4";
    for (const Method method : config.methods) {
      forgings.push_back(std::unique_ptr<Forging>(new Forging{
          forger_of(config.level, method, target, source),
          Film(config, target.person(), 1 + static_cast<uint64_t>(method), root / fakes_folder(method) / file),
          VideoEncoder(root / masks_folder(method) / file, {config.size, config.size}, kFramesPerSecond,
                       VideoEncoder::Kind::mask)}));
    }
  }
  for (int64_t at = 0; at < config.frames; ++at) {
    const Frame frame = target.render(pose_at(target.person(), at), at);
    real.add(frame.image, at);
    for (const auto& forging : forgings) {
      const Forgery forged = forging->forge(frame, at);
      forging->film.add(forged.image, at);
      forging->mask.add(forged.mask);
    }
  }
  real.finish();
  for (const auto& forging : forgings) {
    forging->film.finish();
    forging->mask.finish();
  }
}

/// Threads that take jobs from one list. What a job writes depends on the job alone, so the order does not matter.
class Crew {
 public:
  Crew(const SynthConfig& config, const std::vector<Job>& jobs, const fs::path& root)
      : config_(config), jobs_(jobs), root_(root), said_(Clock::now()) {}

  void work(size_t threads) {
    {
      std::vector<std::jthread> crew;
      for (size_t i = 0; i < threads; ++i) {
        crew.emplace_back([this] { take(); });
      }
    }
    if (failure_) { std::rethrow_exception(failure_); }
  }

 private:
  void take() {
    for (size_t at = next_++; at < jobs_.size() && !failed_; at = next_++) {
      try {
        film_one(config_, jobs_[at], root_);
        report();
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failed_) { failure_ = std::current_exception(); }
        failed_ = true;
      }
    }
  }

  void report() {
    const std::lock_guard lock(mutex_);
    ++done_;
    const auto now = Clock::now();
    if (now - said_ < std::chrono::seconds(3)) { return; }
    said_ = now;
    log::info("[synth] " + std::to_string(done_) + " of " + std::to_string(jobs_.size()) + " identities filmed");
  }

  const SynthConfig& config_;
  const std::vector<Job>& jobs_;
  const fs::path& root_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
  size_t done_ = 0;
  Clock::time_point said_;
};

/// OpenCV's own threads would fight the crew's for the cores.
class SingleThreadedOpenCv {
 public:
  SingleThreadedOpenCv() : before_(cv::getNumThreads()) { cv::setNumThreads(1); }
  ~SingleThreadedOpenCv() { cv::setNumThreads(before_); }
  SingleThreadedOpenCv(const SingleThreadedOpenCv&) = delete;
  SingleThreadedOpenCv& operator=(const SingleThreadedOpenCv&) = delete;

 private:
  int before_;
};

}  // namespace

fs::path reals_folder() { return "original_sequences/youtube/c23/videos"; }
fs::path fakes_folder(Method method) { return fs::path("manipulated_sequences") / method_name(method) / "c23/videos"; }
fs::path masks_folder(Method method) {
  return fs::path("manipulated_sequences") / method_name(method) / "masks/videos";
}

void film(const SynthConfig& config, const std::vector<Job>& jobs, const fs::path& root) {
  const SingleThreadedOpenCv opencv;
  const auto cores = static_cast<size_t>(std::max(1U, std::thread::hardware_concurrency()));
  Crew(config, jobs, root).work(config.threads > 0 ? static_cast<size_t>(config.threads) : cores);
}

}  // namespace realface::data::synthesis
